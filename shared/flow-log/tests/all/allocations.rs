//! Allocations and peak memory of reading a batch.

use std::io::Write;

use allocation_counter::{AllocationInfo, measure};
use flow_log::{Action, DEFAULT_MAX_INFLATED_BYTES, Decoder, Formats, Line, LogEvent, Protocol};

use crate::support::{event, gzip, log_event, payload, wrap};

const MIB: u64 = 1 << 20;

fn batch(lines: usize) -> Vec<u8> {
    let line = |i: usize| {
        let (a, b) = (i / 250 % 250, i % 250);
        log_event(
            i,
            &format!("2 123456789010 eni-1 10.0.{a}.{b} 172.31.16.139 0 0 1 {i} 336 1432917027 1432917142 REJECT OK"),
        )
    };
    event(&payload(&(0..lines).map(line).collect::<Vec<_>>().join(",")))
}

/// Reads every typed field of every line. Returns the sum of the packets, so that the reads are not optimized away.
fn read(decoder: &mut Decoder, formats: &Formats, event: &[u8]) -> u64 {
    let mut packets = 0;
    let mut payload = decoder.decode(event).unwrap();
    let read = |message: &str| match formats.read(message).unwrap() {
        Line::Flow(flow) if flow.action() == Action::Reject && flow.protocol() == Protocol::ICMP => {
            flow.to_record().unwrap().packets.unwrap()
        }
        other => panic!("{other:?}"),
    };
    while payload.next_batch(|event| packets += read(&event.message)).unwrap().is_some() {}
    packets
}

fn measured(decoder: &mut Decoder, event: &[u8]) -> AllocationInfo {
    let formats = Formats::default();
    measure(|| assert!(read(decoder, &formats, event) < u64::MAX))
}

#[test]
fn allocations_do_not_depend_on_the_number_of_lines() {
    let counts: Vec<_> = [1, 50, 1_000, 10_000]
        .map(batch)
        .iter()
        .map(|event| {
            let mut decoder = Decoder::default();
            let (first, second) = (measured(&mut decoder, event), measured(&mut decoder, event));
            (first.count_total, second.count_total)
        })
        .collect();
    // The first event allocates the two buffers; every event allocates the list of subscription filters.
    assert_eq!(counts, [(3, 1); 4]);
}

#[test]
fn system_fields_are_read_without_an_allocation() {
    for json in [
        r#"{"account":"9","@aws.account":"123456789012","@aws.region":"eu-west-1","@source.log":"g"}"#,
        r#"{"version":"2","account":"123456789010","eni":"eni-1","source":"10.0.0.1"}"#,
    ] {
        let event = LogEvent::new("1", 5, "m").with_extracted_fields(json);
        let info = measure(|| assert_eq!(event.system_fields().region.is_some(), json.contains("@aws.region")));
        assert_eq!(info.count_total, 0, "{json}");
    }
}

#[test]
fn peak_memory_is_at_most_the_payload_and_a_mebibyte() {
    let large = batch(20_000);
    let members = {
        let text = payload(&(0..20_000).map(|i| log_event(i, "x y z")).collect::<Vec<_>>().join(","));
        let (start, end) = text.as_bytes().split_at(text.len() / 3);
        wrap(&[gzip(start), gzip(end)].concat())
    };
    for (event, inflated) in [
        (&large, Decoder::default().decode(&large).unwrap().inflated_bytes() as u64),
        (&members, Decoder::default().decode(&members).unwrap().inflated_bytes() as u64),
    ] {
        let mut decoder = Decoder::default();
        let info = measure(|| {
            let mut payload = decoder.decode(event).unwrap();
            while payload.next_batch(|_| ()).unwrap().is_some() {}
        });
        assert!(info.bytes_max <= inflated + MIB + event.len() as u64, "{} for {inflated}", info.bytes_max);
    }
}

#[test]
fn buffers_are_reused_and_large_ones_are_freed() {
    let mut decoder = Decoder::default();
    let small = batch(100);
    measured(&mut decoder, &small);
    assert_eq!(measured(&mut decoder, &small).bytes_max, 4 * 24, "capacity for four names of filters");

    let spaces = wrap(&gzip(&[b' '; 20 << 20]));
    let taken = measure(|| assert!(decoder.decode(&spaces).unwrap().inflated_bytes() > 8 << 20));
    assert!(taken.bytes_current > 8 << 20);
    assert!(measure(|| decoder.release()).bytes_current < -(8 << 20));
}

/// Returns one gzip member with this many MiB of zeros, whose trailer contains `length`.
fn zeros(mib: usize, length: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&[0; 1 << 20]).unwrap();
    encoder.flush().unwrap();
    // After a flush the compressed bytes can be repeated.
    let once = encoder.get_ref().clone();
    let end = [3, 0];
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [&header, &*once.repeat(mib), &end, &[0; 4], &length.to_le_bytes()].concat()
}

#[test]
fn decompression_bombs_are_rejected_without_allocating() {
    let honest = wrap(&zeros(1024, 1 << 30));
    assert!(honest.len() < 2 << 20, "1 GB in about 1 MB");
    // A member that is longer than its trailer says.
    let short = wrap(&zeros(80, 1000));
    // Many short members that together exceed the limit.
    let many = wrap(&gzip(&[0; 1 << 20]).repeat(65));
    let expected = format!("gzip: inflates to more than {DEFAULT_MAX_INFLATED_BYTES} bytes");
    for (event, name) in [(honest, "honest"), (short, "short"), (many, "many")] {
        let mut decoder = Decoder::default();
        let info = measure(|| assert_eq!(decoder.decode(&event).unwrap_err().to_string(), expected, "{name}"));
        assert!(info.bytes_max <= MIB + event.len() as u64, "{name}: {}", info.bytes_max);
    }
}
