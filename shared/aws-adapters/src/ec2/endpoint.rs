//! EC2's endpoint: the configured one, or the region's.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// Partitions other than `aws`: prefix of their regions, domain of their endpoints, and domain of their dual-stack endpoints. From
/// botocore's `partitions.json`.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("us-gov-", "amazonaws.com", "api.aws"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
];

/// Returns `AWS_ENDPOINT_URL_EC2` or `AWS_ENDPOINT_URL` if set, as every SDK client does; otherwise the region's endpoint. `None` if
/// there is no region either.
pub(super) fn endpoint(config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("EC2").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned)).or_else(|| {
        let region = config.region()?.as_ref();
        Some(of_region(region, config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false)))
    })
}

fn of_region(region: &str, fips: bool, dual_stack: bool) -> String {
    let partition = PARTITIONS.iter().find(|(start, ..)| region.starts_with(start));
    let (_, domain, dual_domain) = partition.unwrap_or(&("", "amazonaws.com", "api.aws"));
    // All endpoints of AWS GovCloud (US) are FIPS endpoints, under the plain name.
    let host = if fips && (dual_stack || !region.starts_with("us-gov-")) { "ec2-fips" } else { "ec2" };
    format!("https://{host}.{region}.{}", if dual_stack { dual_domain } else { domain })
}

#[cfg(test)]
mod tests {
    use super::of_region;

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
            assert_eq!(of_region(region, fips, dual_stack), expect);
        }
    }
}
