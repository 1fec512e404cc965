//! The documented fields of a record.

use std::fmt;

/// Declares [`Field`] with its names and versions in one table.
macro_rules! fields {
    ($( $version:literal { $( $(#[$doc:meta])* $variant:ident = $name:literal, )* } )*) => {
        /// A documented field of a VPC flow log record, versions 2 to 11.
        ///
        /// Names, types and meanings are those of <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>.
        /// Version 6 belongs to transit gateway flow logs, whose records have no `action`; this crate does not read them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Field {
            $($(
                $(#[$doc])*
                #[doc = concat!("\n\nIn a format: `${", $name, "}`, since version ", $version, ".")]
                $variant,
            )*)*
        }

        impl Field {
            /// All documented fields, by version and then in the order of the AWS page.
            pub const ALL: &'static [Field] = &[$($(Field::$variant,)*)*];

            pub(crate) const COUNT: usize = Field::ALL.len();

            /// Returns the name in a format, as in `${name}`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($(Field::$variant => $name,)*)* }
            }

            /// Returns the field of this exact name, or `None` for an undocumented name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Field> {
                match name { $($($name => Some(Field::$variant),)*)* _ => None }
            }

            /// Returns the flow log version that introduced the field.
            #[must_use]
            pub const fn since_version(self) -> u8 {
                match self { $($(Field::$variant => $version,)*)* }
            }
        }
    };
}

fields! {
    2 {
        /// The highest version among the fields of the format, 2 for the default one.
        Version = "version",
        /// The account that owns the interface: 12 digits, or `unknown` for an interface that an AWS service created.
        AccountId = "account-id",
        /// The interface that the traffic was recorded for; `-` for a regional NAT gateway.
        InterfaceId = "interface-id",
        /// The source address. For egress traffic the primary private address of the interface.
        SrcAddr = "srcaddr",
        /// The destination address. For ingress traffic the primary private address of the interface.
        DstAddr = "dstaddr",
        /// The source port, 0-65535; 0 for ICMP.
        SrcPort = "srcport",
        /// The destination port, 0-65535; 0 for ICMP.
        DstPort = "dstport",
        /// The IANA protocol number, 0-255: <https://www.iana.org/assignments/protocol-numbers>.
        Protocol = "protocol",
        /// The number of packets in the aggregation interval.
        Packets = "packets",
        /// The number of bytes in the aggregation interval; `-` for traffic that VPC Block Public Access rejected.
        Bytes = "bytes",
        /// When the first packet of the aggregation interval was received: Unix seconds, up to 60 s late.
        Start = "start",
        /// When the last packet of the aggregation interval was received: Unix seconds, up to 60 s late.
        End = "end",
        /// `ACCEPT` or `REJECT`; `-` without traffic.
        Action = "action",
        /// `OK`, `NODATA` (no traffic in the aggregation interval) or `SKIPDATA` (records were lost).
        LogStatus = "log-status",
    }
    3 {
        /// The VPC of the interface.
        VpcId = "vpc-id",
        /// The subnet of the interface; `-` for a regional NAT gateway.
        SubnetId = "subnet-id",
        /// The instance that the interface is attached to; `-` for an interface that a service manages.
        InstanceId = "instance-id",
        /// The bit mask of the TCP flags in the aggregation interval, see [`TcpFlags`](crate::TcpFlags); `-` for an invalid
        /// combination.
        TcpFlags = "tcp-flags",
        /// `IPv4`, `IPv6` or `EFA`.
        Type = "type",
        /// The source address in the packet, where `srcaddr` is that of an intermediate interface.
        PktSrcAddr = "pkt-srcaddr",
        /// The destination address in the packet, where `dstaddr` is that of an intermediate interface.
        PktDstAddr = "pkt-dstaddr",
    }
    4 {
        /// The region of the interface.
        Region = "region",
        /// The id of the Availability Zone, such as `apse2-az3`; `-` in a sublocation.
        AzId = "az-id",
        /// `wavelength`, `outpost` or `localzone`.
        SublocationType = "sublocation-type",
        /// The id of the sublocation.
        SublocationId = "sublocation-id",
    }
    5 {
        /// The AWS service that `pkt-srcaddr` belongs to, such as `S3`; the list grows.
        PktSrcAwsService = "pkt-src-aws-service",
        /// The AWS service that `pkt-dstaddr` belongs to, such as `S3`; the list grows.
        PktDstAwsService = "pkt-dst-aws-service",
        /// `ingress` or `egress`, as seen from the interface.
        FlowDirection = "flow-direction",
        /// The path that egress traffic takes, see [`TrafficPath`](crate::TrafficPath); `-` for ingress traffic.
        TrafficPath = "traffic-path",
    }
    7 {
        /// The ARN of the ECS cluster of the task.
        EcsClusterArn = "ecs-cluster-arn",
        /// The name of the ECS cluster.
        EcsClusterName = "ecs-cluster-name",
        /// The ARN of the container instance, for tasks on EC2.
        EcsContainerInstanceArn = "ecs-container-instance-arn",
        /// The id of the container instance, for tasks on EC2.
        EcsContainerInstanceId = "ecs-container-instance-id",
        /// The runtime id of the first container of the task.
        EcsContainerId = "ecs-container-id",
        /// The runtime id of the second container of the task.
        EcsSecondContainerId = "ecs-second-container-id",
        /// The name of the ECS service.
        EcsServiceName = "ecs-service-name",
        /// The ARN of the task definition.
        EcsTaskDefinitionArn = "ecs-task-definition-arn",
        /// The ARN of the task.
        EcsTaskArn = "ecs-task-arn",
        /// The id of the task.
        EcsTaskId = "ecs-task-id",
    }
    8 {
        /// The reason why traffic was rejected, see [`RejectReason`](crate::RejectReason); `-` for security groups and network ACLs.
        RejectReason = "reject-reason",
    }
    9 {
        /// The id of the regional NAT gateway; `-` for everything else.
        ResourceId = "resource-id",
    }
    10 {
        /// What encrypts the traffic, see [`EncryptionStatus`](crate::EncryptionStatus).
        EncryptionStatus = "encryption-status",
    }
    11 {
        /// The value of the first chosen tag of the instance, percent-encoded.
        InstanceTag = "instance-tag",
        /// The value of the second chosen tag of the instance, percent-encoded.
        InstanceTag2 = "instance-tag-2",
        /// The value of the first chosen tag of the interface, percent-encoded.
        InterfaceTag = "interface-tag",
        /// The value of the second chosen tag of the interface, percent-encoded.
        InterfaceTag2 = "interface-tag-2",
        /// The value of the first chosen tag of the Auto Scaling group, percent-encoded.
        AsgTag = "asg-tag",
        /// The value of the second chosen tag of the Auto Scaling group, percent-encoded.
        AsgTag2 = "asg-tag-2",
        /// The kind of the interface, see [`InterfaceType`](crate::InterfaceType).
        InterfaceType = "interface-type",
        /// The next interface on the path.
        NextHopInterfaceId = "next-hop-interface-id",
        /// The subnet of the next interface.
        NextHopSubnetId = "next-hop-subnet-id",
        /// The Availability Zone id of the next interface.
        NextHopAzId = "next-hop-az-id",
        /// The VPC of the next interface.
        NextHopVpcId = "next-hop-vpc-id",
        /// The kind of the next interface, see [`InterfaceType`](crate::InterfaceType).
        NextHopInterfaceType = "next-hop-interface-type",
    }
}

impl Field {
    /// The fields of the default format, in its order. AWS does not change it.
    pub const DEFAULT_FORMAT: [Field; 14] = [
        Field::Version,
        Field::AccountId,
        Field::InterfaceId,
        Field::SrcAddr,
        Field::DstAddr,
        Field::SrcPort,
        Field::DstPort,
        Field::Protocol,
        Field::Packets,
        Field::Bytes,
        Field::Start,
        Field::End,
        Field::Action,
        Field::LogStatus,
    ];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_name_is_the_inverse_of_name() {
        for &field in Field::ALL {
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!(Field::from_name("tgw-id"), None);
        assert_eq!(Field::from_name("srcAddr"), None);
    }

    #[test]
    fn each_version_has_its_number_of_fields() {
        let count = |version| Field::ALL.iter().filter(|f| f.since_version() == version).count();
        assert_eq!((2..=11).map(count).collect::<Vec<_>>(), [14, 7, 4, 4, 0, 10, 1, 1, 1, 12]);
    }
}
