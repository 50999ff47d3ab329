# Automations: messages that are sent when a payment changes.

title = Automations

# What messages say besides the user's text.
see-payment = See the payment
footer-customer = Sent by { $app }. Reply to this email to reach them.
footer-company = Sent by an automation of { $app } ({ $mode }).
instead-of-customer = This is a test payment, so this email was sent to you instead of the customer.
test-subject = Test: { $subject }
test-intro = You sent this test from KS Pay. No one else received it.
