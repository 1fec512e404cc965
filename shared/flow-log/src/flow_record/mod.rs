//! A record: its numbers and addresses, read once.

mod texts;

use std::net::IpAddr;

use crate::{
    Action, EncryptionStatus, EpochMillis, Field, LineError, Protocol, TcpFlags, TrafficPath,
    fast::{
        address::{address, address_error},
        number::{number, number_error},
    },
    fields::Fields,
    piece::Piece,
};

/// Declares [`FlowRecord`] and how to read each of its optional members, in one table.
macro_rules! record {
    ($( $(#[$doc:meta])* $member:ident: $type:ty = $field:ident, $read:expr; )*) => {
        /// A record of traffic with every field checked.
        ///
        /// Numbers and addresses are struct fields. Texts, such as ids, are methods that find them in the line.
        ///
        /// An optional field is `None` if the format does not have it or the record shows `-`. [`Field`] documents the meaning of
        /// each field. [`FlowLine::text_by_name`](crate::FlowLine::text_by_name) reads fields that [`Field`] does not have.
        #[derive(Clone, Copy)]
        #[non_exhaustive]
        pub struct FlowRecord<'a> {
            /// Whether the traffic was accepted or rejected.
            pub action: Action,
            /// The IP protocol.
            pub protocol: Protocol,
            /// The source address.
            ///
            /// See [`Field::SrcAddr`].
            pub srcaddr: IpAddr,
            /// The destination address.
            ///
            /// See [`Field::DstAddr`].
            pub dstaddr: IpAddr,
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nSee [`Field::", stringify!($field), "`].")]
                pub $member: Option<$type>,
            )*
            pub(crate) fields: Fields<'a>,
        }

        impl<'a> FlowRecord<'a> {
            /// Reads each field at its position in the format.
            #[inline]
            pub(crate) fn read(
                action: Action,
                protocol: Protocol,
                fields: &Fields<'a>,
                nth: impl Fn(usize) -> Option<Piece<'a>>,
            ) -> Result<Self, LineError> {
                let piece = |field| nth(fields.format.position(field)?);
                let unreadable = |field| first_unreadable(fields, piece, field);
                Ok(FlowRecord {
                    action,
                    protocol,
                    srcaddr: piece(Field::SrcAddr).and_then(address).ok_or_else(|| unreadable(Field::SrcAddr))?,
                    dstaddr: piece(Field::DstAddr).and_then(address).ok_or_else(|| unreadable(Field::DstAddr))?,
                    $($member: match piece(Field::$field) {
                        Some(piece) => match $read(piece) {
                            None if !piece.is_absent() => return Err(unreadable(Field::$field)),
                            value => value,
                        },
                        None => None,
                    },)*
                    fields: *fields,
                })
            }

            /// Calls `on_member` with the name and value of each member.
            pub(crate) fn each_member(&self, mut on_member: impl FnMut(&'static str, &dyn std::fmt::Debug)) {
                on_member("action", &self.action);
                on_member("protocol", &self.protocol);
                on_member("srcaddr", &self.srcaddr);
                on_member("dstaddr", &self.dstaddr);
                $(on_member(stringify!($member), &self.$member);)*
            }

            pub(crate) fn has_members_of(&self, other: &FlowRecord<'_>) -> bool {
                (self.action, self.protocol, self.srcaddr, self.dstaddr)
                    == (other.action, other.protocol, other.srcaddr, other.dstaddr)
                    $(&& self.$member == other.$member)*
            }
        }

        /// Returns whether the value of a field is valid, or absent where that is allowed.
        fn is_readable(field: Field, piece: Piece<'_>) -> bool {
            match field {
                Field::SrcAddr | Field::DstAddr => address(piece).is_some(),
                $(Field::$field => piece.is_absent() || {
                    let read: Option<$type> = $read(piece);
                    read.is_some()
                },)*
                _ => true,
            }
        }
    };
}

record! {
    /// The version of the record.
    version: u32 = Version, up_to_u32;
    /// The source address in the packet.
    pkt_srcaddr: IpAddr = PktSrcAddr, address;
    /// The destination address in the packet.
    pkt_dstaddr: IpAddr = PktDstAddr, address;
    /// The source port.
    srcport: u16 = SrcPort, port;
    /// The destination port.
    dstport: u16 = DstPort, port;
    /// The number of packets in the aggregation interval.
    packets: u64 = Packets, count;
    /// The number of bytes in the aggregation interval.
    bytes: u64 = Bytes, count;
    /// When the first packet of the aggregation interval was received.
    start: EpochMillis = Start, time;
    /// When the last packet of the aggregation interval was received.
    end: EpochMillis = End, time;
    /// The TCP flags of the aggregation interval.
    tcp_flags: TcpFlags = TcpFlags, tcp_flags;
    /// The path that egress traffic takes.
    traffic_path: TrafficPath = TrafficPath, known_number;
    /// What encrypts the traffic.
    encryption_status: EncryptionStatus = EncryptionStatus, known_number;
}

/// Returns the error for the first unreadable field, in the order of the line. `known` is one of the unreadable fields.
#[cold]
fn first_unreadable<'a>(fields: &Fields<'a>, piece: impl Fn(Field) -> Option<Piece<'a>>, known: Field) -> LineError {
    let mut in_order = fields.format.fields().flatten();
    let field = in_order.find(|&field| piece(field).is_some_and(|piece| !is_readable(field, piece))).unwrap_or(known);
    let text = piece(field).map_or("", Piece::text);
    let kind = match field {
        Field::SrcAddr | Field::DstAddr | Field::PktSrcAddr | Field::PktDstAddr => address_error(text),
        _ => number_error(text),
    };
    LineError::field(field, kind)
}

#[inline]
fn count(piece: Piece<'_>) -> Option<u64> {
    number(piece, u64::MAX)
}

#[inline]
fn time(piece: Piece<'_>) -> Option<EpochMillis> {
    count(piece).map(EpochMillis::from_record)
}

#[inline]
pub(crate) fn port(piece: Piece<'_>) -> Option<u16> {
    number(piece, u64::from(u16::MAX)).map(|number| number as u16)
}

#[inline]
fn tcp_flags(piece: Piece<'_>) -> Option<TcpFlags> {
    number(piece, u64::from(u8::MAX)).map(|number| TcpFlags(number as u8))
}

#[inline]
fn up_to_u32(piece: Piece<'_>) -> Option<u32> {
    number(piece, u64::from(u32::MAX)).map(|number| number as u32)
}

#[inline]
fn known_number<T: From<u32>>(piece: Piece<'_>) -> Option<T> {
    up_to_u32(piece).map(T::from)
}
