//! Addresses of advertised instances are taken apart without a surprise.

use std::{net::Ipv6Addr, time::Duration};

use commy_core::{Endpoint, HealthCheck};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_an_endpoint_or_an_error(
        text in prop_oneof![
            ".{0,600}",
            "(http|https|tcp|[a-z+]{0,3}|é)(://|:/|//)?[a-zé0-9.:@\\[\\]/?#+-]{0,20}",
            "[a-z]{1,4}://\\[?[0-9a-f:]{0,8}\\]?:?[+0-9]{0,6}",
        ],
    ) {
        if let Ok(endpoint) = Endpoint::new(&text) {
            prop_assert_eq!(endpoint.as_str(), &text);
            prop_assert!(endpoint.port() > 0);
            prop_assert!(!endpoint.host().is_empty());
            prop_assert!(!endpoint.host().contains(['[', ']', '@', '/']));
            let start = format!("{}://", endpoint.scheme());
            prop_assert!(endpoint.origin().starts_with(&start));
            prop_assert!(text.starts_with(endpoint.origin()));
        }
    }

    #[test]
    fn the_parts_are_those_that_were_put_together(
        scheme in "[a-z][a-z0-9+.-]{0,10}",
        host in "[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?",
        port in 1..=65535_u16,
        path in "(/[a-z0-9/:@]{0,10})?(\\?[a-z=:]{0,10})?",
    ) {
        let endpoint = Endpoint::new(&format!("{scheme}://{host}:{port}{path}")).expect("valid");
        prop_assert_eq!(endpoint.scheme(), &scheme);
        prop_assert_eq!(endpoint.host(), &host);
        prop_assert_eq!(endpoint.port(), port);
        prop_assert_eq!(endpoint.origin(), format!("{scheme}://{host}:{port}"));
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets(number: u128, port in 1..=65535_u16) {
        let host = Ipv6Addr::from(number).to_string();
        let endpoint = Endpoint::new(&format!("tcp://[{host}]:{port}")).expect("valid");
        prop_assert_eq!(endpoint.host(), &host);
        prop_assert_eq!(endpoint.port(), port);
        let bare = format!("tcp://{host}:{port}");
        prop_assert!(Endpoint::new(&bare).is_err());
        let at_default_port = Endpoint::new(&format!("http://[{host}]")).expect("valid");
        prop_assert_eq!((at_default_port.host(), at_default_port.port()), (host.as_str(), 80));
    }
}

#[test]
fn a_wrong_address_is_refused_with_the_rule_that_it_breaks() {
    for (address, rule) in [
        ("", "SCHEME://HOST:PORT"),
        ("localhost:80", "SCHEME://HOST:PORT"),
        ("tcp://db", "default port"),
        ("tcp://:5432", "host is missing"),
        ("http://", "host is missing"),
        ("tcp://db:0", "1 to 65535"),
        ("tcp://db:65536", "1 to 65535"),
        ("tcp://db:+80", "1 to 65535"),
        ("tcp://db:", "1 to 65535"),
        ("HTTP://db:80", "lower-case"),
        ("1tp://db:80", "lower-case"),
        ("http://user:secret@db:80", "credentials"),
        ("http://d b:80", "white space"),
        ("http://db:80/\n", "control"),
        ("http://[::1", "the host is"),
        ("http://[::g]:80", "IPv6"),
        ("http://[db]:80", "IPv6"),
        ("http://::1:80", "the host is"),
        ("http://[::1]x:80", "the host is"),
        ("http://dömain:80", "the host is"),
    ] {
        let error = Endpoint::new(address).expect_err(address).to_string();
        assert!(error.contains(rule), "{address}: {error}");
    }
    assert!(Endpoint::new(&format!("http://{}", "x".repeat(506))).is_err());
}

#[test]
fn web_addresses_have_a_default_port() {
    let port = |address| Endpoint::new(address).expect("valid").port();
    assert_eq!(port("http://db/health"), 80);
    assert_eq!(port("https://db"), 443);
}

#[test]
fn a_check_is_bounded_and_fits_its_endpoint() {
    let http = Endpoint::new("http://db:80").expect("valid");
    let tcp = Endpoint::new("tcp://db:80").expect("valid");
    let ms = Duration::from_millis;
    assert!(HealthCheck::tcp().check(&tcp).is_ok());
    assert!(HealthCheck::http("/health").check(&http).is_ok());
    assert!(HealthCheck::http("/health").check(&tcp).is_err());
    assert!(HealthCheck::http("health").check(&http).is_err());
    assert!(HealthCheck::http("/a b").check(&http).is_err());
    assert!(
        HealthCheck::http(format!("/{}", "x".repeat(1024)))
            .check(&http)
            .is_err()
    );
    assert!(HealthCheck::tcp().interval(ms(9)).check(&tcp).is_err());
    assert!(HealthCheck::tcp().timeout(ms(0)).check(&tcp).is_err());
    assert!(HealthCheck::tcp().timeout(ms(60_001)).check(&tcp).is_err());
    assert!(HealthCheck::tcp().thresholds(0, 1).check(&tcp).is_err());
    assert!(HealthCheck::tcp().thresholds(1, 101).check(&tcp).is_err());
}
