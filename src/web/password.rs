//! Passwords: argon2id hashes, made and checked; the only place that knows the algorithm.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

/// Shortest password of an agent, in bytes (NIST SP 800-63B asks for at least 8 characters where
/// a second factor stands beside, 15 where none does; we take the middle and slow guessing down).
pub const SHORTEST: usize = 12;

/// The hash of a password as a PHC string; `salt` is random. 19 MiB, two passes (the algorithm's
/// own defaults, which are OWASP's).
///
/// # Errors
/// When the password is too short, with what to do.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, String> {
    if password.len() < SHORTEST {
        return Err(format!("a password has at least {SHORTEST} characters; choose a longer one"));
    }
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|e| format!("the password cannot be hashed: {e}"))?;
    Ok(hash.to_string())
}

/// Whether a password belongs to a hash. A hash that cannot be read belongs to none.
pub fn fits(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A hash of nobody's password: checking against it takes as long as against a real one, so the
/// time of an answer does not tell which names exist.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
    LPD3BKyRWhcSm5eWm8rgYA1cuL6Mx8UHJ9QmfKQ0qKA";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let made = hash("correct horse battery", &[7; 16]).unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(fits("correct horse battery", &made));
        assert!(!fits("correct horse batterx", &made));
        assert!(!fits("", "no hash"));
        assert!(hash("short", &[7; 16]).unwrap_err().contains("12"));
    }

    #[test]
    fn nobody_is_a_hash_that_can_be_read() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!fits("", NOBODY));
    }
}
