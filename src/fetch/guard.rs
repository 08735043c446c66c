//! The address guard: which URLs and which network addresses may be connected to.
//!
//! Text from the network (a redirect, a feed's link) must not make us speak to the machines of
//! our own house. Names are judged after they were resolved, at the moment of the connection, so
//! that a name cannot show a public address first and a private one later.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// IPv4 networks that are not the public internet (IANA special-purpose registry, RFC 6890).
const NOT_PUBLIC_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Parts of the global IPv6 unicast space that are not the public internet: protocol
/// assignments with Teredo, documentation (twice), 6to4 (same registry, RFC 9637).
const NOT_PUBLIC_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Something that the configuration allows although it is private.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    /// A host by name, on one port or on all.
    Name(String, Option<u16>),
    /// Addresses whose first bits are these, on one port or on all.
    Net(IpAddr, u8, Option<u16>),
}

/// How far the names of a URL's host are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The name must resolve to public or expressly allowed addresses.
    Public,
    /// The configuration names this host: it may resolve to anything.
    Named,
}

/// Judges URLs and addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    allowed: Vec<Allowed>,
}

impl Guard {
    /// Reads what may be private: `host`, `host:8080`, `10.0.0.7`, `127.0.0.1:8080`, `[::1]:80`,
    /// `10.0.0.0/8`.
    ///
    /// # Errors
    /// Text for a person, naming the entry.
    pub(super) fn new(allow_private: &[String]) -> Result<Guard, String> {
        let allowed = allow_private.iter().map(|entry| read_entry(entry)).collect::<Result<_, _>>();
        Ok(Guard { allowed: allowed? })
    }

    /// Judges a URL before anything is connected: its scheme, and its host if that is an address.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn check(&self, url: &Url) -> Result<Trust, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "an address with `{}:` is not spoken to; only http and https are",
                url.scheme()
            ));
        }
        match url.host() {
            None => Err("the address has no host".to_owned()),
            Some(host) => self.host(&host.to_owned(), url.port_or_known_default()),
        }
    }

    /// Judges a host before anything is connected, as [`Guard::check`] does.
    ///
    /// # Errors
    /// Why it is refused, for a person.
    pub(super) fn host(&self, host: &Host, port: Option<u16>) -> Result<Trust, String> {
        let ip = match host {
            Host::Domain(name) => return Ok(self.trust(name, port)),
            Host::Ipv4(ip) => IpAddr::V4(*ip),
            Host::Ipv6(ip) => IpAddr::V6(*ip),
        };
        if self.permits(ip, port) { Ok(Trust::Public) } else { Err(refusal(&ip.to_string())) }
    }

    fn trust(&self, host: &str, at: Option<u16>) -> Trust {
        let host = host.trim_end_matches('.');
        let named = self.allowed.iter().any(|entry| match entry {
            Allowed::Name(name, port) => {
                name.eq_ignore_ascii_case(host) && (port.is_none() || *port == at)
            }
            Allowed::Net(..) => false,
        });
        if named { Trust::Named } else { Trust::Public }
    }

    /// Whether an address may be connected to. Without a port, as for a resolved name, entries
    /// that are bound to one do not count.
    pub(super) fn permits(&self, ip: IpAddr, at: Option<u16>) -> bool {
        is_public(ip)
            || self.allowed.iter().any(|entry| match entry {
                Allowed::Net(net, bits, port) => {
                    contains(*net, *bits, ip.to_canonical()) && (port.is_none() || *port == at)
                }
                Allowed::Name(..) => false,
            })
    }
}

/// The words with which a private address is refused.
pub(super) fn refusal(what: &str) -> String {
    format!(
        "{what} is a private address and not spoken to; if it is meant, add its host to \
         allow_private in [fetch]"
    )
}

fn read_entry(entry: &str) -> Result<Allowed, String> {
    let text = entry.trim();
    if let Some((net, bits)) = text.split_once('/') {
        let wrong = || format!("`{entry}` is no network; write it as in 10.0.0.0/8");
        let ip: IpAddr = net.parse().map_err(|_| wrong())?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?;
        return Ok(Allowed::Net(ip, bits, None));
    }
    let whole = |ip: IpAddr| if ip.is_ipv4() { 32 } else { 128 };
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(Allowed::Net(ip.to_canonical(), whole(ip.to_canonical()), None));
    }
    if let Ok(at) = text.parse::<std::net::SocketAddr>() {
        let ip = at.ip().to_canonical();
        return Ok(Allowed::Net(ip, whole(ip), Some(at.port())));
    }
    let wrong = || format!("`{entry}` is no host; write it as in crm.example or 127.0.0.1:8080");
    let (name, port) = match text.split_once(':') {
        None => (text, None),
        Some((name, port)) => (name, Some(port.parse().map_err(|_| wrong())?)),
    };
    match Host::parse(name) {
        Ok(Host::Domain(name)) => Ok(Allowed::Name(name.trim_end_matches('.').to_owned(), port)),
        _ => Err(wrong()),
    }
}

/// Whether an address belongs to the public internet. An IPv4 address inside of an IPv6 one
/// (mapped, or behind NAT64) is judged as what it is.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            !NOT_PUBLIC_V4.iter().any(|(net, bits)| contains((*net).into(), *bits, ip.into()))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, g, h] = ip.segments();
            if [a, b, c, d, e, f] == [0x64, 0xff9b, 0, 0, 0, 0] {
                let [[a, b], [c, d]] = [g.to_be_bytes(), h.to_be_bytes()];
                return is_public(Ipv4Addr::new(a, b, c, d).into());
            }
            // 2000::/3 is all the global unicast there is; loopback, link-local, unique-local,
            // multicast and the rest lie outside of it.
            a >> 13 == 1
                && !NOT_PUBLIC_V6
                    .iter()
                    .any(|(net, bits)| contains((*net).into(), *bits, ip.into()))
        }
    }
}

fn contains(net: IpAddr, bits: u8, ip: IpAddr) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let shift = width - u32::from(bits);
        shift == width || a >> shift == b >> shift
    };
    match (net, ip) {
        (IpAddr::V4(net), IpAddr::V4(ip)) => {
            same(u128::from(u32::from(net)), u128::from(u32::from(ip)), 32)
        }
        (IpAddr::V6(net), IpAddr::V6(ip)) => same(net.into(), ip.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &Guard, url: &str) -> Result<Trust, String> {
        guard.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn private_addresses_are_refused_however_they_are_written() {
        let guard = Guard::default();
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[::7f00:1]",
            "[64:ff9b::a00:1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2001::1]",
            "[2002:a00:1::]",
            "[3fff::1]",
            "[fec0::1]",
            "[100::1]",
        ] {
            let refused = check(&guard, &format!("http://{host}/")).unwrap_err();
            assert!(refused.contains("allow_private"), "{host}: {refused}");
        }
        for host in
            ["1.1.1.1", "172.32.0.1", "100.128.0.1", "[2606:4700::1111]", "[64:ff9b::808:808]"]
        {
            assert_eq!(check(&guard, &format!("https://{host}/")), Ok(Trust::Public), "{host}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for url in ["file:///etc/passwd", "ftp://h.example/", "gopher://h.example/", "data:,x"] {
            assert!(check(&Guard::default(), url).unwrap_err().contains("http"), "{url}");
        }
    }

    #[test]
    fn what_is_configured_is_allowed_and_nothing_beside_it() {
        let entries = ["127.0.0.1:8080", "crm.internal", "box:81", "10.2.0.0/16", "[::1]:80"];
        let guard = Guard::new(&entries.map(str::to_owned)).unwrap();
        let ok = |url| check(&guard, url).is_ok();
        assert!(ok("http://127.0.0.1:8080/") && !ok("http://127.0.0.1:8081/"));
        assert!(ok("http://10.2.9.9/") && !ok("http://10.3.0.1/"));
        assert!(ok("http://[::1]/") && ok("http://[::ffff:10.2.0.1]/"));
        assert_eq!(check(&guard, "http://CRM.internal:9/"), Ok(Trust::Named));
        assert_eq!(check(&guard, "http://box:81/"), Ok(Trust::Named));
        assert_eq!(check(&guard, "http://box:82/"), Ok(Trust::Public));
        assert!(!guard.permits("127.0.0.1".parse().unwrap(), None));
    }

    #[test]
    fn wrong_entries_say_what_to_write() {
        for entry in ["10.0.0.0/33", "a b", "host:port", "http://x/", ""] {
            let why = Guard::new(&[entry.to_owned()]).unwrap_err();
            assert!(why.contains("write it as in"), "{entry}: {why}");
        }
    }
}
