//! Where a service is: the configured endpoint, or the region's.

use aws_config::SdkConfig;
use aws_types::{region::SigningRegion, service_config::ServiceConfigKey};

use super::service::Service;

/// A partition other than `aws`.
struct Partition {
    /// Prefix of its regions.
    prefix: &'static str,
    /// Domain of its endpoints.
    domain: &'static str,
    /// Domain of its dual-stack endpoints.
    dual_stack_domain: &'static str,
    /// The region that signs calls to services with one endpoint for the whole partition.
    global_region: &'static str,
}

/// From botocore's `partitions.json`, and IAM's rule set for the region.
const PARTITIONS: [Partition; 7] = [
    Partition::new("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-north-1"),
    Partition::new("us-gov-", "amazonaws.com", "api.aws", "us-gov-west-1"),
    Partition::new("eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1"),
    Partition::new("us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1"),
    Partition::new("us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1"),
    Partition::new("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1"),
    Partition::new("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1"),
];

impl Partition {
    const AWS: Partition = Partition::new("", "amazonaws.com", "api.aws", "us-east-1");

    const fn new(
        prefix: &'static str,
        domain: &'static str,
        dual_stack_domain: &'static str,
        global_region: &'static str,
    ) -> Partition {
        Partition { prefix, domain, dual_stack_domain, global_region }
    }

    fn of(region: &str) -> &'static Partition {
        PARTITIONS.iter().find(|partition| region.starts_with(partition.prefix)).unwrap_or(&Partition::AWS)
    }
}

/// Returns `AWS_ENDPOINT_URL_` with the service's id, or `AWS_ENDPOINT_URL`, if set, as every SDK client does; otherwise the region's
/// endpoint. `None` if there is no region either.
pub(super) fn endpoint(config: &SdkConfig, service: Service) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned)).or_else(|| {
        let region = config.region()?.as_ref();
        Some(of_region(service, region, config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false)))
    })
}

/// Returns the region that signatures name.
pub(super) fn signing_region(config: &SdkConfig, service: Service) -> Option<SigningRegion> {
    let region = config.region()?;
    Some(match service.is_global {
        true => SigningRegion::from_static(Partition::of(region.as_ref()).global_region),
        false => SigningRegion::from(region.clone()),
    })
}

fn of_region(service: Service, region: &str, fips: bool, dual_stack: bool) -> String {
    let partition = Partition::of(region);
    if service.is_global {
        return global(service, partition);
    }
    // All endpoints of AWS GovCloud (US) are FIPS endpoints, under the plain name.
    let host = if fips && (dual_stack || partition.prefix != "us-gov-") { "-fips" } else { "" };
    let domain = if dual_stack { partition.dual_stack_domain } else { partition.domain };
    format!("https://{}{host}.{region}.{domain}", service.host)
}

/// The endpoint of IAM, the one service of its kind here. With FIPS it has other names, which this tool does not need.
fn global(service: Service, partition: &Partition) -> String {
    let host = service.host;
    match partition.prefix {
        "" => format!("https://{host}.{}", partition.domain),
        "us-gov-" => format!("https://{host}.us-gov.{}", partition.domain),
        _ => format!("https://{host}.{}.{}", partition.global_region, partition.domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The cases are those of EC2's endpoint rule set in botocore 1.44.
    #[test]
    fn each_partition_has_its_domain() {
        for (region, fips, dual_stack, expect) in [
            ("ap-northeast-1", false, false, "https://ec2.ap-northeast-1.amazonaws.com"),
            ("us-east-1", true, false, "https://ec2-fips.us-east-1.amazonaws.com"),
            ("us-east-1", false, true, "https://ec2.us-east-1.api.aws"),
            ("us-east-1", true, true, "https://ec2-fips.us-east-1.api.aws"),
            ("cn-northwest-1", false, false, "https://ec2.cn-northwest-1.amazonaws.com.cn"),
            ("us-gov-west-1", false, false, "https://ec2.us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", true, false, "https://ec2.us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", true, true, "https://ec2-fips.us-gov-west-1.api.aws"),
            ("us-iso-east-1", false, false, "https://ec2.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", false, false, "https://ec2.us-isob-east-1.sc2s.sgov.gov"),
            ("us-isof-south-1", false, false, "https://ec2.us-isof-south-1.csp.hci.ic.gov"),
            ("eu-isoe-west-1", false, false, "https://ec2.eu-isoe-west-1.cloud.adc-e.uk"),
            ("eusc-de-east-1", false, false, "https://ec2.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(of_region(Service::EC2, region, fips, dual_stack), expect);
        }
    }

    #[test]
    fn other_services_have_their_own_names() {
        assert_eq!(
            of_region(Service::CLOUDWATCH_LOGS, "eu-west-1", false, false),
            "https://logs.eu-west-1.amazonaws.com"
        );
        for (region, expect) in [
            ("eu-west-1", "https://iam.amazonaws.com"),
            ("cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn"),
            ("us-gov-east-1", "https://iam.us-gov.amazonaws.com"),
        ] {
            assert_eq!(of_region(Service::IAM, region, false, false), expect);
        }
    }
}
