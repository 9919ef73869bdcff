//! The words of a name.

/// Whether it is a latitude or a longitude by one of its words, to be trusted where the unit is degrees.
pub(super) fn is_place(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or_default();
    let is_one = |word: &str| ["lat", "lats", "lon", "lons", "long"].contains(&word);
    // Of points of a staggered grid: t, u, v, corners, edges, nodes.
    words(name).iter().any(|word| is_one(word) || word.strip_prefix(|c| "tuvxcergnsz".contains(c)).is_some_and(is_one))
}

/// In lower case: parts between signs, and from a change to capitals on (`temperatureQCR`, `wmoId`, `station_id`).
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && before.is_lowercase() {
            words.push(String::new());
        }
        if let (Some(word), true) = (words.last_mut(), c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::{is_place, words};

    #[test]
    fn words_end_at_signs_and_begin_at_capitals() {
        assert_eq!(words("temperatureQCR"), ["temperature", "qcr"]);
        assert_eq!(words("wmoId_2"), ["wmo", "id", "2"]);
        assert_eq!(words("DQF"), ["dqf"]);
    }

    #[test]
    fn places_are_told_from_other_angles() {
        for name in ["lat", "XLONG", "lat_rho", "TLAT", "model/nav_lon", "start_lon"] {
            assert!(is_place(name), "{name}");
        }
        for name in ["wind_direction", "solar_zenith", "relation", "flat_rate", "plateau"] {
            assert!(!is_place(name), "{name}");
        }
    }
}
