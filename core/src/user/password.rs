//! What a new password must not be. Its length is a rule of the contract.

use crate::error::{Result, invalid};

/// Checks a new password; `old` is the present one where the caller has given it.
pub(super) fn check(field: &str, new: &str, username: &str, old: Option<&str>) -> Result<()> {
    if new.to_lowercase() == username.to_lowercase() {
        return Err(invalid(field, "username"));
    }
    if old == Some(new) {
        return Err(invalid(field, "same"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn neither_the_name_nor_the_old_one() {
        for (new, old, right) in [
            ("a-long-enough-one", None, true),
            ("a-long-enough-one", Some("another-one-of-these"), true),
            ("a-long-enough-one", Some("a-long-enough-one"), false),
            ("zhang.san.admin", None, false),
            ("Zhang.San.Admin", None, false),
        ] {
            assert_eq!(check("newPassword", new, "zhang.san.admin", old).is_ok(), right, "{new} {old:?}");
        }
    }
}
