//! Which fields an update sets: PUT replaces all of them, PATCH only those that are present.

use prost_types::FieldMask;

/// The fields an update sets.
#[derive(Debug)]
pub(crate) struct Mask<'a>(Option<&'a [String]>);

impl<'a> Mask<'a> {
    /// From a request's `update_mask`; absent means all fields.
    pub(crate) fn of(mask: &'a Option<FieldMask>) -> Self {
        Self(mask.as_ref().map(|mask| mask.paths.as_slice()))
    }

    /// Whether the field is set; `name` as in the proto file.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.is_none_or(|paths| paths.iter().any(|path| path == name))
    }
}

#[cfg(test)]
mod tests {
    use prost_types::FieldMask;

    use super::Mask;

    #[test]
    fn no_mask_is_every_field_and_an_empty_one_is_none() {
        let paths = |paths: &[&str]| Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() });
        assert!(Mask::of(&None).has("name"));
        assert!(!Mask::of(&paths(&[])).has("name"));
        let one = paths(&["leader_id"]);
        assert!(Mask::of(&one).has("leader_id") && !Mask::of(&one).has("name"));
    }
}
