//! In-memory pagination, for lists that are short enough to be sorted in memory.

/// One page of a list.
pub(crate) struct Slice<'a, T> {
    pub(crate) rows: Vec<&'a T>,
    /// The page number, starting at 1.
    pub(crate) number: usize,
    pub(crate) total: usize,
    length: usize,
}

impl<'a, T> Slice<'a, T> {
    /// Returns page `number` of pages with `length` rows; the last page if the list is shorter.
    pub(crate) fn of(all: Vec<&'a T>, length: usize, number: usize) -> Self {
        let total = all.len();
        let number = number.clamp(1, total.div_ceil(length).max(1));
        Self { rows: all.into_iter().skip((number - 1) * length).take(length).collect(), number, total, length }
    }

    pub(crate) fn first(&self) -> usize {
        (self.number - 1) * self.length + usize::from(self.total > 0)
    }

    pub(crate) fn last(&self) -> usize {
        (self.number - 1) * self.length + self.rows.len()
    }

    pub(crate) fn newer(&self) -> Option<usize> {
        (self.number > 1).then(|| self.number - 1)
    }

    pub(crate) fn older(&self) -> Option<usize> {
        (self.last() < self.total).then_some(self.number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_in_pages() {
        let numbers: Vec<usize> = (0..120).collect();
        let slice = Slice::of(numbers.iter().collect(), 50, 3);
        assert_eq!((slice.first(), slice.last(), slice.newer(), slice.older()), (101, 120, Some(2), None));
        let slice = Slice::of(numbers.iter().collect(), 50, 1);
        assert_eq!((slice.first(), slice.last(), slice.newer(), slice.older()), (1, 50, None, Some(2)));
        assert_eq!(Slice::of(numbers.iter().collect(), 50, 99).number, 3);
        let none = Slice::<usize>::of(Vec::new(), 50, 1);
        assert_eq!((none.first(), none.last(), none.newer(), none.older()), (0, 0, None, None));
    }
}
