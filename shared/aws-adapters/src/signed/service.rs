//! The services, by the names that endpoints, signatures and settings have for them.

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The id that the SDKs have for it. `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS` is the endpoint of `CloudWatch Logs`.
    pub(super) id: &'static str,
    /// The first part of its endpoint's name.
    pub(super) host: &'static str,
    /// The name in signatures.
    pub(super) signing_name: &'static str,
    /// Whether a partition has one endpoint for all regions.
    pub(super) is_global: bool,
}

impl Service {
    /// AWS CloudFormation.
    pub const CLOUDFORMATION: Service = Service::regional("CloudFormation", "cloudformation", "cloudformation");
    /// Amazon CloudWatch.
    pub const CLOUDWATCH: Service = Service::regional("CloudWatch", "monitoring", "monitoring");
    /// Amazon CloudWatch Logs.
    pub const CLOUDWATCH_LOGS: Service = Service::regional("CloudWatch Logs", "logs", "logs");
    /// Amazon DynamoDB.
    pub const DYNAMODB: Service = Service::regional("DynamoDB", "dynamodb", "dynamodb");
    /// Amazon EC2.
    pub const EC2: Service = Service::regional("EC2", "ec2", "ec2");
    /// AWS Identity and Access Management.
    pub const IAM: Service = Service { id: "IAM", host: "iam", signing_name: "iam", is_global: true };
    /// AWS Key Management Service.
    pub const KMS: Service = Service::regional("KMS", "kms", "kms");
    /// AWS Lambda.
    pub const LAMBDA: Service = Service::regional("Lambda", "lambda", "lambda");
    /// Amazon EventBridge Scheduler.
    pub const SCHEDULER: Service = Service::regional("Scheduler", "scheduler", "scheduler");
    /// Amazon SNS.
    pub const SNS: Service = Service::regional("SNS", "sns", "sns");
    /// Amazon SQS.
    pub const SQS: Service = Service::regional("SQS", "sqs", "sqs");
    /// AWS Security Token Service.
    pub const STS: Service = Service::regional("STS", "sts", "sts");

    const fn regional(id: &'static str, host: &'static str, signing_name: &'static str) -> Service {
        Service { id, host, signing_name, is_global: false }
    }
}
