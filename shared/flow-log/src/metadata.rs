//! The fields of a record that hold text, found when asked for.

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

        /// Equal in every field, whatever stands between them in the lines.
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
    /// The account, or `unknown`.
    account_id: &'a str = AccountId;
    /// The interface.
    interface_id: &'a str = InterfaceId;
    /// The VPC.
    vpc_id: &'a str = VpcId;
    /// The subnet.
    subnet_id: &'a str = SubnetId;
    /// The instance.
    instance_id: &'a str = InstanceId;
    /// The kind of traffic.
    traffic_type: TrafficType<'a> = Type;
    /// The region.
    region: &'a str = Region;
    /// The Availability Zone's id.
    az_id: &'a str = AzId;
    /// The kind of sublocation.
    sublocation_type: SublocationType<'a> = SublocationType;
    /// The sublocation.
    sublocation_id: &'a str = SublocationId;
    /// The AWS service of the packet's source.
    pkt_src_aws_service: &'a str = PktSrcAwsService;
    /// The AWS service of the packet's destination.
    pkt_dst_aws_service: &'a str = PktDstAwsService;
    /// The direction, as the interface sees it.
    flow_direction: FlowDirection<'a> = FlowDirection;
    /// The ARN of the ECS cluster.
    ecs_cluster_arn: &'a str = EcsClusterArn;
    /// The name of the ECS cluster.
    ecs_cluster_name: &'a str = EcsClusterName;
    /// The ARN of the ECS container instance.
    ecs_container_instance_arn: &'a str = EcsContainerInstanceArn;
    /// The id of the ECS container instance.
    ecs_container_instance_id: &'a str = EcsContainerInstanceId;
    /// The id of the task's first container.
    ecs_container_id: &'a str = EcsContainerId;
    /// The id of the task's second container.
    ecs_second_container_id: &'a str = EcsSecondContainerId;
    /// The name of the ECS service.
    ecs_service_name: &'a str = EcsServiceName;
    /// The ARN of the ECS task definition.
    ecs_task_definition_arn: &'a str = EcsTaskDefinitionArn;
    /// The ARN of the ECS task.
    ecs_task_arn: &'a str = EcsTaskArn;
    /// The id of the ECS task.
    ecs_task_id: &'a str = EcsTaskId;
    /// Why the traffic was rejected, if by something other than a security group or network ACL.
    reject_reason: RejectReason<'a> = RejectReason;
    /// The regional NAT gateway.
    resource_id: &'a str = ResourceId;
    /// The instance's first chosen tag.
    instance_tag: Tag<'a> = InstanceTag;
    /// The instance's second chosen tag.
    instance_tag_2: Tag<'a> = InstanceTag2;
    /// The interface's first chosen tag.
    interface_tag: Tag<'a> = InterfaceTag;
    /// The interface's second chosen tag.
    interface_tag_2: Tag<'a> = InterfaceTag2;
    /// The Auto Scaling group's first chosen tag.
    asg_tag: Tag<'a> = AsgTag;
    /// The Auto Scaling group's second chosen tag.
    asg_tag_2: Tag<'a> = AsgTag2;
    /// What the interface belongs to.
    interface_type: InterfaceType<'a> = InterfaceType;
    /// The next interface on the way.
    next_hop_interface_id: &'a str = NextHopInterfaceId;
    /// The subnet of the next interface.
    next_hop_subnet_id: &'a str = NextHopSubnetId;
    /// The Availability Zone id of the next interface.
    next_hop_az_id: &'a str = NextHopAzId;
    /// The VPC of the next interface.
    next_hop_vpc_id: &'a str = NextHopVpcId;
    /// What the next interface belongs to.
    next_hop_interface_type: InterfaceType<'a> = NextHopInterfaceType;
}
