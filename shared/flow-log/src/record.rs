//! Every field of a record, typed.

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    Action, EncryptionStatus, EpochMillis, Field, FlowDirection, InterfaceType, Protocol, RejectReason,
    SublocationType, Tag, TcpFlags, TrafficPath, TrafficType, Unparsed,
    parse::{any_address, number, plain_ipv4, why_no_address, why_no_number},
    split::Piece,
};

/// Declares [`FlowRecord`] and how each of its optional fields is read, in one table.
macro_rules! record {
    ($( $(#[$doc:meta])* $member:ident: $type:ty = $field:ident, $read:expr; )*) => {
        /// A record with log status `OK`, every field checked and typed.
        ///
        /// An optional field is `None` when the format does not have it or the record shows `-`. The meaning of each
        /// field is told at [`Field`]. Fields that are not known here are left out; see
        /// [`FlowLine::text_by_name`](crate::FlowLine::text_by_name).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct FlowRecord<'a> {
            /// Whether the traffic was let through.
            pub action: Action,
            /// The IP protocol.
            pub protocol: Protocol,
            /// The source address.
            pub srcaddr: IpAddr,
            /// The destination address.
            pub dstaddr: IpAddr,
            /// The source address in the packet.
            ///
            /// See [`Field::PktSrcAddr`].
            pub pkt_srcaddr: Option<IpAddr>,
            /// The destination address in the packet.
            ///
            /// See [`Field::PktDstAddr`].
            pub pkt_dstaddr: Option<IpAddr>,
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nSee [`Field::", stringify!($field), "`].")]
                pub $member: Option<$type>,
            )*
        }

        impl<'a> FlowRecord<'a> {
            /// Reads the fields of a line, in its order.
            #[inline]
            pub(crate) fn read(
                action: Action,
                protocol: Protocol,
                fields: impl Iterator<Item = (Option<Field>, Piece<'a>)>,
            ) -> Result<Self, Unparsed> {
                const UNSPECIFIED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
                let mut result = Ok(FlowRecord {
                    action,
                    protocol,
                    srcaddr: UNSPECIFIED,
                    dstaddr: UNSPECIFIED,
                    pkt_srcaddr: None,
                    pkt_dstaddr: None,
                    $($member: None,)*
                });
                if let Ok(record) = &mut result {
                    record.fill(fields)?;
                }
                result
            }

            /// Writes each value where it stays. Inlined, this would become a record in a hundred parts that are put
            /// together in the end.
            #[inline(never)]
            fn fill(
                &mut self,
                fields: impl Iterator<Item = (Option<Field>, Piece<'a>)>,
            ) -> Result<(), Unparsed> {
                for (field, piece) in fields {
                    let Some(field) = field else { continue };
                    let is_required = matches!(field, Field::SrcAddr | Field::DstAddr);
                    if piece.is_absent() && !is_required {
                        continue;
                    }
                    let read = match field {
                        // Every format has these, and they are checked before.
                        Field::Action | Field::Protocol | Field::LogStatus => true,
                        Field::SrcAddr => address(piece, |address| self.srcaddr = address),
                        Field::DstAddr => address(piece, |address| self.dstaddr = address),
                        Field::PktSrcAddr => address(piece, |address| self.pkt_srcaddr = Some(address)),
                        Field::PktDstAddr => address(piece, |address| self.pkt_dstaddr = Some(address)),
                        $(Field::$field => match $read(piece) {
                            Some(value) => {
                                self.$member = Some(value);
                                true
                            }
                            None => false,
                        },)*
                    };
                    if !read {
                        return Err(why_not(field, piece));
                    }
                }
                Ok(())
            }
        }
    };
}

record! {
    /// The version of the record.
    version: u32 = Version, up_to_u32;
    /// The account, or `unknown`.
    account_id: &'a str = AccountId, text;
    /// The interface.
    interface_id: &'a str = InterfaceId, text;
    /// The source port.
    srcport: u16 = SrcPort, port;
    /// The destination port.
    dstport: u16 = DstPort, port;
    /// The number of packets.
    packets: u64 = Packets, count;
    /// The number of bytes.
    bytes: u64 = Bytes, count;
    /// The window's first packet.
    start: EpochMillis = Start, time;
    /// The window's last packet.
    end: EpochMillis = End, time;
    /// The VPC.
    vpc_id: &'a str = VpcId, text;
    /// The subnet.
    subnet_id: &'a str = SubnetId, text;
    /// The instance.
    instance_id: &'a str = InstanceId, text;
    /// The TCP flags of the window.
    tcp_flags: TcpFlags = TcpFlags, tcp_flags;
    /// The kind of traffic.
    traffic_type: TrafficType<'a> = Type, word;
    /// The region.
    region: &'a str = Region, text;
    /// The Availability Zone's id.
    az_id: &'a str = AzId, text;
    /// The kind of sublocation.
    sublocation_type: SublocationType<'a> = SublocationType, word;
    /// The sublocation.
    sublocation_id: &'a str = SublocationId, text;
    /// The AWS service of the packet's source.
    pkt_src_aws_service: &'a str = PktSrcAwsService, text;
    /// The AWS service of the packet's destination.
    pkt_dst_aws_service: &'a str = PktDstAwsService, text;
    /// The direction, as the interface sees it.
    flow_direction: FlowDirection<'a> = FlowDirection, word;
    /// The way outgoing traffic takes.
    traffic_path: TrafficPath = TrafficPath, known_number;
    /// The ARN of the ECS cluster.
    ecs_cluster_arn: &'a str = EcsClusterArn, text;
    /// The name of the ECS cluster.
    ecs_cluster_name: &'a str = EcsClusterName, text;
    /// The ARN of the ECS container instance.
    ecs_container_instance_arn: &'a str = EcsContainerInstanceArn, text;
    /// The id of the ECS container instance.
    ecs_container_instance_id: &'a str = EcsContainerInstanceId, text;
    /// The id of the task's first container.
    ecs_container_id: &'a str = EcsContainerId, text;
    /// The id of the task's second container.
    ecs_second_container_id: &'a str = EcsSecondContainerId, text;
    /// The name of the ECS service.
    ecs_service_name: &'a str = EcsServiceName, text;
    /// The ARN of the ECS task definition.
    ecs_task_definition_arn: &'a str = EcsTaskDefinitionArn, text;
    /// The ARN of the ECS task.
    ecs_task_arn: &'a str = EcsTaskArn, text;
    /// The id of the ECS task.
    ecs_task_id: &'a str = EcsTaskId, text;
    /// Why the traffic was rejected, if by something other than a security group or network ACL.
    reject_reason: RejectReason<'a> = RejectReason, word;
    /// The regional NAT gateway.
    resource_id: &'a str = ResourceId, text;
    /// What encrypts the traffic.
    encryption_status: EncryptionStatus = EncryptionStatus, known_number;
    /// The instance's first chosen tag.
    instance_tag: Tag<'a> = InstanceTag, tag;
    /// The instance's second chosen tag.
    instance_tag_2: Tag<'a> = InstanceTag2, tag;
    /// The interface's first chosen tag.
    interface_tag: Tag<'a> = InterfaceTag, tag;
    /// The interface's second chosen tag.
    interface_tag_2: Tag<'a> = InterfaceTag2, tag;
    /// The Auto Scaling group's first chosen tag.
    asg_tag: Tag<'a> = AsgTag, tag;
    /// The Auto Scaling group's second chosen tag.
    asg_tag_2: Tag<'a> = AsgTag2, tag;
    /// What the interface belongs to.
    interface_type: InterfaceType<'a> = InterfaceType, word;
    /// The next interface on the way.
    next_hop_interface_id: &'a str = NextHopInterfaceId, text;
    /// The subnet of the next interface.
    next_hop_subnet_id: &'a str = NextHopSubnetId, text;
    /// The Availability Zone id of the next interface.
    next_hop_az_id: &'a str = NextHopAzId, text;
    /// The VPC of the next interface.
    next_hop_vpc_id: &'a str = NextHopVpcId, text;
    /// What the next interface belongs to.
    next_hop_interface_type: InterfaceType<'a> = NextHopInterfaceType, word;
}

/// Reads an address, and says whether there was one.
#[inline]
fn address(piece: Piece<'_>, on_address: impl FnOnce(IpAddr)) -> bool {
    match plain_ipv4(piece.bytes()) {
        Some(address) => on_address(IpAddr::V4(address)),
        None => match any_address(piece.text()) {
            Some(address) => on_address(address),
            None => return false,
        },
    }
    true
}

/// Says why a field could not be read.
#[cold]
fn why_not(field: Field, piece: Piece<'_>) -> Unparsed {
    let text = piece.text();
    let why = match field {
        Field::SrcAddr | Field::DstAddr | Field::PktSrcAddr | Field::PktDstAddr => why_no_address(text),
        _ => why_no_number(text),
    };
    Unparsed::field(field, why)
}

#[inline]
fn text(piece: Piece<'_>) -> Option<&str> {
    Some(piece.text())
}

#[inline]
fn word<'a, T: From<&'a str>>(piece: Piece<'a>) -> Option<T> {
    Some(piece.text().into())
}

#[inline]
fn tag(piece: Piece<'_>) -> Option<Tag<'_>> {
    Some(Tag(piece.text()))
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
fn port(piece: Piece<'_>) -> Option<u16> {
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
