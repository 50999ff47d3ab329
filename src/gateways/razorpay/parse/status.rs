//! Razorpay's words for the states of payments, refunds and disputes.

use crate::gateways::payment::{DisputeStatus, RefundStatus, Status};

pub(in crate::gateways::razorpay) fn of_payment(word: &str) -> Option<Status> {
    Some(match word {
        "created" => Status::Created,
        "failed" => Status::Failed,
        "authorized" => Status::Authorized,
        "captured" => Status::Captured,
        "refunded" => Status::Refunded,
        _ => return None,
    })
}

pub(super) fn of_refund(word: &str) -> Option<RefundStatus> {
    Some(match word {
        "pending" => RefundStatus::Pending,
        "processed" => RefundStatus::Processed,
        "failed" => RefundStatus::Failed,
        _ => return None,
    })
}

pub(super) fn of_dispute(word: &str) -> Option<DisputeStatus> {
    Some(match word {
        "open" => DisputeStatus::Open,
        "under_review" => DisputeStatus::UnderReview,
        "lost" => DisputeStatus::Lost,
        "won" => DisputeStatus::Won,
        "closed" => DisputeStatus::Closed,
        _ => return None,
    })
}
