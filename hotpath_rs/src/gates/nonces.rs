//! The nonces of an upload: which scan was the first of each. A table of places, no copies of the texts.

use std::hash::{BuildHasher as _, RandomState};

/// Finds the first scan of a nonce. Devices choose nonces: its hasher cannot be foreseen.
#[derive(Default)]
pub(crate) struct Firsts {
    hasher: RandomState,
    slots: Vec<u32>, // place + 1; 0: free. A power of two, at most half of them taken.
}

impl Firsts {
    pub(crate) fn with_capacity(scans: usize) -> Self {
        Self { hasher: RandomState::new(), slots: vec![0; (scans.max(1) * 2).next_power_of_two()] }
    }

    /// The place of the first scan of this nonce, which is `place` if there was none; `nonce_at` tells another's.
    pub(crate) fn first<'a>(
        &mut self,
        nonce: &str,
        place: usize,
        nonce_at: impl Fn(usize) -> Option<&'a str>,
    ) -> usize {
        let slot = self.slot(nonce, nonce_at);
        if self.slots[slot] == 0 {
            self.slots[slot] = place as u32 + 1;
        }
        self.slots[slot] as usize - 1
    }

    /// The place of the first scan of this nonce.
    pub(crate) fn find<'a>(&self, nonce: &str, nonce_at: impl Fn(usize) -> Option<&'a str>) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        (self.slots[self.slot(nonce, nonce_at)] as usize).checked_sub(1)
    }

    /// Its slot: taken by it, or free.
    fn slot<'a>(&self, nonce: &str, nonce_at: impl Fn(usize) -> Option<&'a str>) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hasher.hash_one(nonce) as usize & mask;
        while self.slots[slot] != 0 && nonce_at(self.slots[slot] as usize - 1) != Some(nonce) {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_nonce_is_found_among_many() {
        let nonces: Vec<String> = (0..3_000).map(|number| format!("n{}", number % 1_000)).collect();
        let mut firsts = Firsts::with_capacity(nonces.len());
        let at = |place: usize| Some(nonces[place].as_str());
        for (place, nonce) in nonces.iter().enumerate() {
            assert_eq!(firsts.first(nonce, place, at), place % 1_000);
        }
        assert_eq!(firsts.find("n7", at), Some(7));
        assert_eq!(firsts.find("n1000", at), None);
        assert_eq!(Firsts::default().find("n7", at), None);
    }
}
