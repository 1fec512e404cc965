//! Several files, merged by the time of their records.

use crate::harness::{Folder, HEADER, Random, gzip, icmp, prefix, seeds, start, text, three_hours, traffic};

/// Lines of an interface.
fn of<'l>(lines: &'l [String], interface: &'l str) -> impl Iterator<Item = &'l String> {
    lines.iter().filter(move |line| line.split(' ').nth(2) == Some(interface))
}

#[test]
fn accounts_in_the_layout_of_s3_are_read_by_time() {
    // The second interface belongs to another account.
    let lines: Vec<String> = three_hours();
    let lines: Vec<String> =
        lines.iter().map(|line| line.replace("123456789012 eni-b", "210987654321 eni-b")).collect();
    let expected = Folder::with(&lines).run(&["flow.log", "--json"]);
    assert_eq!(expected.json().0.len(), 8);
    for hive in [false, true] {
        let folder = Folder::new();
        for (account, interface) in [("123456789012", "eni-a"), ("210987654321", "eni-b")] {
            let directory = if hive {
                format!(
                    "AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=11/day=23"
                )
            } else {
                format!("AWSLogs/{account}/vpcflowlogs/us-east-1/2026/11/23")
            };
            let mine: Vec<String> = of(&lines, interface).cloned().collect();
            // A file for every five minutes, with a random end of its name.
            for file in mine.chunk_by(|one, other| start(one) / 300 == start(other) / 300) {
                let minute = start(&file[0]) / 300 * 5 % 1_440;
                let name = format!(
                    "{directory}/{account}_vpcflowlogs_us-east-1_fl-0a1b_20261123T{:02}{:02}Z_{:08x}.log.gz",
                    minute / 60,
                    minute % 60,
                    minute.wrapping_mul(0x9e37_79b9) % 0xffff_ffff
                );
                folder.write(&name, gzip(format!("{HEADER}\n{}", text(file)).as_bytes()));
            }
        }
        let merged = folder.run(&["AWSLogs", "--json", "--window", "0s"]);
        assert_eq!((merged.out, merged.err), (expected.out.clone(), String::new()), "hive: {hive}");
    }
}

#[test]
fn streams_of_an_export_task_are_read_together() {
    let lines = three_hours();
    let expected = Folder::with(&lines).run(&["flow.log", "--json"]).out;
    let folder = Folder::new();
    for interface in ["eni-a", "eni-b"] {
        let exported: String =
            of(&lines, interface).map(|line| format!("{} {line}\n", prefix(line, ".000Z"))).collect();
        folder.write(&format!("export/b0c1/{interface}-all/000000.gz"), gzip(exported.as_bytes()));
    }
    assert_eq!(folder.run(&["export", "--json"]).out, expected);
    // One of them on standard input, which cannot be opened to look at its beginning.
    let second = folder.path("export/b0c1/eni-b-all/000000.gz");
    let input = std::fs::read(&second).unwrap();
    assert_eq!(folder.run_with(&["export/b0c1/eni-a-all", "-", "--json"], &input).out, expected);
    let explained = folder.command("explain", &["--file", "export", "--json"], b"").out;
    let plain = Folder::with(&lines).command("explain", &["--file", "flow.log", "--json"], b"").out;
    assert_eq!(explained, plain);
}

#[test]
fn merged_files_give_the_same_emails_as_one_sorted_file() {
    let mut emails = 0;
    for seed in 0..seeds(25) {
        let mut random = Random(seed);
        let lines = traffic(&mut random);
        let expected = Folder::with(&lines).run(&["flow.log", "--json"]);
        emails += expected.json().0.len();
        let folder = Folder::new();
        let mut files = vec![Vec::new(); 1 + random.below(12) as usize];
        // Each file has some hours or all of the time, and a share of its records, or of one interface.
        let (hours, by_interface) = ([6, 24, 1_000][random.below(3) as usize], random.below(2) == 0);
        let count = files.len() as u64;
        for line in &lines {
            let period = start(line) / 3_600 / hours;
            let share = if by_interface { u64::from(line.as_bytes()[19]) } else { random.below(3) };
            files[((period * 7 + share) % count) as usize].push(line.clone());
        }
        for (number, file) in files.iter_mut().enumerate() {
            // Out of order by less than the window.
            let late: Vec<u64> = file.iter().map(|line| start(line) + random.below(800)).collect();
            let mut shuffled: Vec<(u64, String)> = late.into_iter().zip(file.drain(..)).collect();
            shuffled.sort();
            let content = text(&shuffled.into_iter().map(|(_, line)| line).collect::<Vec<_>>());
            let content = if random.below(2) == 0 { gzip(content.as_bytes()) } else { content.into() };
            folder.write(&format!("logs/{:03}.log", (number * 5) % 13), content);
        }
        assert_eq!(folder.run(&["logs", "--json"]).out, expected.out, "seed {seed}");
    }
    assert!(emails > 500, "too little to compare: {emails}");
}

#[test]
fn files_are_open_only_while_their_time_is_read() {
    let lines: Vec<String> =
        (0..900).map(|number| icmp(number * 60, "eni-a", "10.0.0.5 8.8.8.8", 1, "REJECT")).collect();
    let expected = Folder::with(&lines).run(&["flow.log", "--json"]).out;
    let folder = Folder::new();
    for (number, line) in lines.iter().enumerate() {
        // The names say nothing about the time.
        folder.write(&format!("logs/{}.log", number * 7 % 900), line);
    }
    assert_eq!(folder.run(&["logs", "--json"]).out, expected);
}

#[test]
fn too_many_files_of_one_time_are_refused() {
    let folder = Folder::new();
    for number in 0..801 {
        let line = |second| icmp(second, &format!("eni-{number}"), "10.7.0.1 10.0.0.6", 1, "REJECT");
        folder.write(&format!("logs/{number:03}.log"), text(&[line(0), line(60)]));
    }
    let failed = folder.run(&["logs"]);
    assert_eq!(
        failed.failure(),
        "logs/800.log: more than 800 files have records of one time; read fewer of them at once, such as those of one account \
         or of some interfaces"
    );
    std::fs::remove_file(folder.path("logs/800.log")).unwrap();
    assert_eq!(folder.run(&["logs", "--json"]).json().1["matched"], 1_600);
}

#[test]
fn a_file_that_is_out_of_order_is_named() {
    let folder = Folder::new();
    let at = |second| icmp(second, "eni-a", "10.0.0.5 8.8.8.8", 4, "REJECT");
    folder.write("a.log", text(&[at(0), at(3_000)]));
    folder.write("b.log", text(&[at(1_000), at(9_000), at(2_000)]));
    let failed = folder.run(&["a.log", "b.log"]);
    let message = failed.err.strip_prefix("vpc-flow-alerts: ").unwrap();
    assert!(message.starts_with("b.log:3: ") && message.contains("b.log:2 has one of"), "{message}");
    let window = message.trim_end().rsplit_once("--window ").unwrap().1;
    let sorted = Folder::with(&[0, 1_000, 2_000, 3_000, 9_000].map(at)).run(&["flow.log", "--json"]).out;
    assert_eq!(folder.run(&["a.log", "b.log", "--json", "--window", window]).out, sorted);
}
