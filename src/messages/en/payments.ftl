# Payments: methods, what became of a payment, and what its page says about it.

# Payment methods
upi = UPI
card = Card
net-banking = Net Banking
wallet = Wallet
emi = EMI
cardless-emi = Cardless EMI
pay-later = Pay Later
bank-transfer = Bank transfer

# Sentences that follow each other
sequence = { $first } { $next }
# Items of a list
item = { $first }, { $next }
payment-item = { $link } ({ $amount }, { $time })
    .link = { $id }

# What became of a payment, without its method and with it
paid = Paid.
paid-by = Paid by { $method }.
partly-refunded = Paid; { $amount } was refunded.
partly-refunded-by = Paid by { $method }; { $amount } was refunded.
refunded-in-full = Paid and refunded in full.
refunded-in-full-by = Paid by { $method } and refunded in full.
never-captured = The payment was never captured.
never-captured-by = { $method } payment was never captured.
authorised = Authorised; { $gateway } hasn’t captured it yet.
authorised-by = Authorised by { $method }; { $gateway } hasn’t captured it yet.
failed = The payment failed.
failed-by = { $method } payment failed.
created = The payment was created.
created-by = { $method } payment was created.
not-reported = The payment hasn’t been reported yet.

# What went back of it
refunded = { $amount } was refunded.
returned = { $amount } was returned to the customer.
returned-in-full = The money was returned to the customer.
refund-pending = A refund of { $amount } is pending.
refund-failed = A refund of { $amount } failed.
refund-pending-and-failed = A refund of { $pending } is pending; a refund of { $failed } failed.

# Title of its page
title-by = { $amount } by { $method }
title-not-reported = Awaiting payment details

# Why payments failed, in groups
failure-not-completed = Customer cancelled
failure-timed-out = Not approved in time
failure-insufficient-funds = Insufficient balance
failure-wrong-details = Wrong PIN, OTP or card details
failure-declined = Declined by bank or gateway
failure-technical-error = Bank or gateway error
failure-other = Other reason
failure-not-given = No reason given

created-at = Created { $time }.
created-in-future = Its time is in the future: this server’s clock or the gateway’s is or was wrong.
reason = Reason: { $reason }
settled-in = In { $currency }, at { $gateway }’s rate

# Failed refunds
refund-failed-headline = Refund of { $amount } failed
refund-failed-advice = The customer hasn’t received it. Try again in { $gateway }.
refunds-failed-headline = Failed refunds: { $amount } not refunded yet
refunds-failed-advice = The customer hasn’t received this amount. Refund it in { $gateway }.
refund-failed-after-dispute = You also lost a dispute. Check in { $gateway } what the customer has received before you refund anything.

# A refund and a lost dispute
went-back-twice = More was returned than was paid
went-back-twice-advice = Of this payment of { $paid }, { $refunded } was refunded and { $lost } lost in a dispute. Check in { $gateway } whether the customer received the money twice.

# Several payments of an order
paid-more-than-once = This order was paid more than once
paid-more-than-once-advice = { $count ->
    [one] Order { $order } of { $asked } was paid by this payment and by { $payments }. { $advice }
   *[other] Order { $order } of { $asked } was paid by this payment and by { $count } others: { $payments }. { $advice }
}
maybe-paid-more-than-once = { $count ->
    [one] Another payment of this order was received
   *[other] { $count } other payments of this order were received
}
maybe-paid-more-than-once-advice = Order { $order } also has { $payments }. If the order isn’t paid in parts, it was paid more than once. { $advice }
keep-one-here = Keep one of the two, and refund only the other: open it and choose Refund.
keep-one-at-gateway = Keep one of the two, and refund only the other in { $gateway }.
keep-what-is-due-here = Keep what the order costs, and refund only the rest: open a payment and choose Refund.
keep-what-is-due-at-gateway = Keep what the order costs, and refund only the rest in { $gateway }.

# An order that was paid twice, among what needs attention and in the list of payments
order-paid-twice = Order of { $amount } was paid twice
order-paid-twice-of-app = { $app }: order of { $amount } was paid twice
order-paid-twice-advice = Look at its payments. Keep one, and refund the other.
see-payments = See the payments
marked-paid-twice = Order paid twice
