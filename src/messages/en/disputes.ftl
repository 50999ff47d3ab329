# What disputes cost, and until when they need an answer.

# Sentences about a payment
lost = { $count ->
    [one] You lost { $amount } in a dispute.
   *[other] You lost { $amount } in disputes.
}
lost-all = You lost the whole amount in a dispute.
lost-nothing = You lost a dispute, but nothing was deducted.
lost-unknown = You lost a dispute.
deducted = { $count ->
    [one] { $gateway } deducted { $amount } for a dispute.
   *[other] { $gateway } deducted { $amount } for disputes.
}
open = The customer disputes this payment.
more-open = { $count ->
    [one] Another dispute is open.
   *[other] { $count } more disputes are open.
}
# Amounts in different currencies
amounts = { $first } and { $second }

# A dispute in the list of its payment
disputed-nothing-deducted = { $amount } disputed, nothing deducted
disputed-and-deducted = { $amount } disputed, { $deducted } deducted
answer-by = Answer by { $day }
answer-was-due = The last day to answer was { $day }

# Notices
to-answer = Dispute of { $amount }: answer by { $day }
to-answer-advice = { $amount } is in dispute. Answer in { $gateway } by { $time }. Without an answer, you lose the money.
open-until-advice = { $left } left. Answer in { $gateway } by { $time }. Without an answer, you lose the money.
open-undated = Dispute of { $amount } is open
open-undated-advice = The deadline is unknown. Check it in { $gateway }.
# On the dashboard, with the name of the app
to-answer-of-app = { $app }: dispute of { $amount }, answer by { $day }
open-undated-of-app = { $app }: dispute of { $amount } is open
view = View dispute
to-answer-was-due = Dispute of { $amount }: the last day to answer was { $day }
to-answer-was-due-advice = { $amount } is in dispute. Check in { $gateway } whether it was answered. Without an answer, you lose the money.
