//! The texts of a record, found when they are read.

use std::fmt;

use crate::{Field, FlowDirection, FlowRecord, InterfaceType, RejectReason, SublocationType, Tag, TrafficType};

/// Declares the method for each field.
macro_rules! texts {
    ($( $(#[$doc:meta])* $method:ident: $type:ty = $field:ident; )*) => {
        impl<'a> FlowRecord<'a> {
            $(
                $(#[$doc])*
                #[doc = concat!("\n\nSee [`Field::", stringify!($field), "`].")]
                #[must_use]
                pub fn $method(&self) -> Option<$type> {
                    self.fields.text(Field::$field).map(Into::into)
                }
            )*
        }

        /// Equal in every field, whatever separates them in the lines.
        impl PartialEq for FlowRecord<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.has_members_of(other) $(&& self.$method() == other.$method())*
            }
        }

        impl Eq for FlowRecord<'_> {}

        impl fmt::Debug for FlowRecord<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut record = f.debug_struct("FlowRecord");
                self.each_member(|name, value| {
                    record.field(name, value);
                });
                $(record.field(stringify!($method), &self.$method());)*
                record.finish()
            }
        }
    };
}

texts! {
    /// Returns the id of the account, or `unknown`.
    account_id: &'a str = AccountId;
    /// Returns the id of the network interface.
    interface_id: &'a str = InterfaceId;
    /// Returns the id of the VPC.
    vpc_id: &'a str = VpcId;
    /// Returns the id of the subnet.
    subnet_id: &'a str = SubnetId;
    /// Returns the id of the instance.
    instance_id: &'a str = InstanceId;
    /// Returns the kind of traffic.
    traffic_type: TrafficType<'a> = Type;
    /// Returns the name of the region.
    region: &'a str = Region;
    /// Returns the id of the Availability Zone.
    az_id: &'a str = AzId;
    /// Returns the kind of sublocation.
    sublocation_type: SublocationType<'a> = SublocationType;
    /// Returns the id of the sublocation.
    sublocation_id: &'a str = SublocationId;
    /// Returns the AWS service that `pkt-srcaddr` belongs to.
    pkt_src_aws_service: &'a str = PktSrcAwsService;
    /// Returns the AWS service that `pkt-dstaddr` belongs to.
    pkt_dst_aws_service: &'a str = PktDstAwsService;
    /// Returns the direction, as seen from the network interface.
    flow_direction: FlowDirection<'a> = FlowDirection;
    /// Returns the ARN of the ECS cluster.
    ecs_cluster_arn: &'a str = EcsClusterArn;
    /// Returns the name of the ECS cluster.
    ecs_cluster_name: &'a str = EcsClusterName;
    /// Returns the ARN of the ECS container instance.
    ecs_container_instance_arn: &'a str = EcsContainerInstanceArn;
    /// Returns the id of the ECS container instance.
    ecs_container_instance_id: &'a str = EcsContainerInstanceId;
    /// Returns the id of the first container of the task.
    ecs_container_id: &'a str = EcsContainerId;
    /// Returns the id of the second container of the task.
    ecs_second_container_id: &'a str = EcsSecondContainerId;
    /// Returns the name of the ECS service.
    ecs_service_name: &'a str = EcsServiceName;
    /// Returns the ARN of the ECS task definition.
    ecs_task_definition_arn: &'a str = EcsTaskDefinitionArn;
    /// Returns the ARN of the ECS task.
    ecs_task_arn: &'a str = EcsTaskArn;
    /// Returns the id of the ECS task.
    ecs_task_id: &'a str = EcsTaskId;
    /// Returns the reason why the traffic was rejected, if by something other than a security group or network ACL.
    reject_reason: RejectReason<'a> = RejectReason;
    /// Returns the id of the regional NAT gateway.
    resource_id: &'a str = ResourceId;
    /// Returns the first chosen tag of the instance.
    instance_tag: Tag<'a> = InstanceTag;
    /// Returns the second chosen tag of the instance.
    instance_tag_2: Tag<'a> = InstanceTag2;
    /// Returns the first chosen tag of the network interface.
    interface_tag: Tag<'a> = InterfaceTag;
    /// Returns the second chosen tag of the network interface.
    interface_tag_2: Tag<'a> = InterfaceTag2;
    /// Returns the first chosen tag of the Auto Scaling group.
    asg_tag: Tag<'a> = AsgTag;
    /// Returns the second chosen tag of the Auto Scaling group.
    asg_tag_2: Tag<'a> = AsgTag2;
    /// Returns the kind of the network interface.
    interface_type: InterfaceType<'a> = InterfaceType;
    /// Returns the id of the next network interface on the path.
    next_hop_interface_id: &'a str = NextHopInterfaceId;
    /// Returns the id of the subnet of the next network interface.
    next_hop_subnet_id: &'a str = NextHopSubnetId;
    /// Returns the Availability Zone id of the next network interface.
    next_hop_az_id: &'a str = NextHopAzId;
    /// Returns the id of the VPC of the next network interface.
    next_hop_vpc_id: &'a str = NextHopVpcId;
    /// Returns the kind of the next network interface.
    next_hop_interface_type: InterfaceType<'a> = NextHopInterfaceType;
}
