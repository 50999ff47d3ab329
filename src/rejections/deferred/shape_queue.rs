//! The requests of one webhook that wait for a second diagnosis: bounded, and every shape has its turn.

use std::collections::{BTreeMap, VecDeque};

use crate::primitives::id::RequestId;

/// The most requests of a webhook. Further ones are given up.
const MAX_REQUESTS: usize = 256;

/// Requests by shape, and the shape that was last.
#[derive(Default)]
pub(super) struct ShapeQueue {
    by_shape: BTreeMap<u64, VecDeque<RequestId>>,
    last: Option<u64>,
}

impl ShapeQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.by_shape.is_empty()
    }

    pub(super) fn contains(&self, id: RequestId) -> bool {
        self.by_shape.values().any(|requests| requests.contains(&id))
    }

    /// Adds a request. False if there are too many.
    pub(super) fn push(&mut self, shape: u64, id: RequestId) -> bool {
        let has_room = self.by_shape.values().map(VecDeque::len).sum::<usize>() < MAX_REQUESTS;
        if has_room {
            self.by_shape.entry(shape).or_default().push_back(id);
        }
        has_room
    }

    /// Returns the shape whose turn it is, and its oldest request.
    pub(super) fn next(&self) -> Option<(u64, RequestId)> {
        let mut shapes = self.by_shape.keys();
        let later = shapes.clone().find(|shape| self.last.is_none_or(|last| **shape > last));
        let shape = *later.or_else(|| shapes.next())?;
        Some((shape, *self.by_shape.get(&shape)?.front()?))
    }

    /// Removes the oldest request of that shape, which has had its turn.
    pub(super) fn pop(&mut self, shape: u64) {
        self.last = Some(shape);
        if let Some(requests) = self.by_shape.get_mut(&shape) {
            requests.pop_front();
        }
        self.by_shape.retain(|_, requests| !requests.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestId {
        RequestId::unique()
    }

    #[test]
    fn each_shape_has_its_turn_and_their_number_is_bounded() {
        let (mut queue, of_few) = (ShapeQueue::default(), [request(), request()]);
        assert!((0..MAX_REQUESTS - 2).all(|_| queue.push(7, request())));
        assert!(queue.push(3, of_few[0]) && queue.push(9, of_few[1]));
        assert!(!queue.push(5, request()) && queue.contains(of_few[0]) && !queue.contains(request()));
        let mut order = Vec::new();
        while let Some((shape, id)) = queue.next() {
            order.push(id);
            queue.pop(shape);
        }
        let places = of_few.map(|id| order.iter().position(|one| *one == id));
        assert!(places.iter().all(|place| place.is_some_and(|place| place < 3)), "{places:?}");
        assert!(order.len() == MAX_REQUESTS && queue.is_empty());
    }
}
