# The mailbox of the demo.
mailbox = The demo’s mailbox
note = The demo sends no email. What it would send stays here until it stops.
no-mail = No email yet.
sent-to = To { $address }, { $when }
text-part = Text of the email
html-part = The HTML part, as text
look-again = Look again
