//! Verifying a JWT bearer assertion.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use url::Url;

use super::token::Refusal;
use crate::salesforce::org::Identity;

/// The furthest an assertion may live, as documented; a second for clocks that round up.
const LONGEST_LIFE: i64 = 300 + 1;

/// Says why an assertion is refused; nothing if it is good.
pub(super) fn verify(assertion: &str, key: &DecodingKey, identity: &Identity, now: Timestamp) -> Result<(), Refusal> {
    let mut validation = Validation::new(Algorithm::RS256);
    // The claims are looked at below, with the real one's words; the signature and its algorithm here.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims::<&str>(&[]);
    let claims = jsonwebtoken::decode::<Map<String, Value>>(assertion, key, &validation)
        .map_err(|_| Refusal::new("invalid_grant", "invalid assertion"))?
        .claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("iss") != identity.client_id {
        return Err(Refusal::new("invalid_client_id", "client identifier invalid"));
    }
    let Some(expires) = claims.get("exp").and_then(seconds) else {
        return Err(Refusal::new("invalid_grant", "invalid assertion"));
    };
    if expires <= now.as_second() {
        return Err(Refusal::new("invalid_grant", "expired assertion"));
    }
    if expires - now.as_second() > LONGEST_LIFE {
        return Err(Refusal::new("invalid_grant", "invalid assertion"));
    }
    if !audiences(claims.get("aud")).any(|audience| is_ours(audience, &identity.url)) {
        return Err(Refusal::new("invalid_grant", "audience is invalid"));
    }
    if text("sub") != identity.username {
        return Err(Refusal::new("invalid_grant", "user hasn't approved this consumer"));
    }
    Ok(())
}

/// Seconds as a number or as digits; clients send both.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a time beyond 2^53 is too far ahead either way"
)]
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn audiences(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let several = claim.and_then(Value::as_array).into_iter().flatten();
    claim.into_iter().chain(several).filter_map(Value::as_str)
}

/// Login hosts, My Domain hosts, and the address the pretend org answers at, under any of its names.
fn is_ours(audience: &str, own: &str) -> bool {
    let (Ok(audience), Ok(own)) = (Url::parse(audience), Url::parse(own)) else {
        return false;
    };
    if !matches!(audience.path(), "" | "/") {
        return false;
    }
    let host = audience.host_str().unwrap_or_default();
    let salesforce =
        host == "login.salesforce.com" || host == "test.salesforce.com" || host.ends_with(".my.salesforce.com");
    let here = audience.port_or_known_default() == own.port_or_known_default()
        && (Some(host) == own.host_str() || matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    salesforce && audience.scheme() == "https" || here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_are_login_hosts_my_domains_and_the_own_address() {
        let own = "http://127.0.0.1:4000";
        for good in [
            "https://login.salesforce.com",
            "https://test.salesforce.com/",
            "https://acme.my.salesforce.com",
            "https://acme--sbx.sandbox.my.salesforce.com",
            "http://127.0.0.1:4000",
            "http://localhost:4000/",
        ] {
            assert!(is_ours(good, own), "{good}");
        }
        for bad in [
            "http://login.salesforce.com",
            "https://evil.example",
            "https://my.salesforce.com.evil.example",
            "http://127.0.0.1:4001",
            "login.salesforce.com",
            "",
        ] {
            assert!(!is_ours(bad, own), "{bad}");
        }
    }
}
