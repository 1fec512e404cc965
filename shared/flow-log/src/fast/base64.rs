//! Base64 (RFC 4648) with the SIMD engine of the `base64` crate where the processor has one.

use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

/// The engine that decodes events.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) type Base64 = base64::engine::Simd;
/// The engine that decodes events.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) type Base64 = base64::engine::GeneralPurpose;

/// Returns the engine for the standard alphabet. Padding is optional, because some tools for test events leave it out.
pub(crate) fn base64() -> Base64 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return Base64::standard(config());
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    plain()
}

/// The plain twin.
#[cfg(any(test, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn plain() -> base64::engine::GeneralPurpose {
    base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, config())
}

const fn config() -> GeneralPurposeConfig {
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::fast::cases())]

        #[test]
        fn the_engines_agree(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0..4_usize, other in any::<char>()) {
            let text = plain().encode(&bytes);
            prop_assert_eq!(base64().decode(&text), Ok(bytes));
            let damaged = text[..text.len().saturating_sub(cut)].replacen('A', &other.to_string(), 1);
            prop_assert_eq!(base64().decode(&damaged), plain().decode(&damaged));
        }
    }
}
