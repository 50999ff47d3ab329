title = ऐप का सारांश
period = अवधि
numbers = आँकड़े और कनेक्शन

received-today = आज प्राप्त राशि
payments-so-far = अब तक { $count } भुगतान
received = { $days ->
    [1] प्राप्त राशि, आज
   *[other] प्राप्त राशि, { $days } दिन
}
payments = { $count } भुगतान
success-rate = { $days ->
    [1] सफलता दर, आज
   *[other] सफलता दर, { $days } दिन
}
refunds = { $days ->
    [1] रिफ़ंड, आज
   *[other] रिफ़ंड, { $days } दिन
}
refunds-note = इस अवधि के भुगतानों में से

see-cause = वजह देखें
see-cause-of = { $gateway } की वजह देखें
view-webhook = वेबहुक देखें
view-webhook-of = { $gateway } का वेबहुक देखें
no-gateway = { $mode } मोड में कोई गेटवे जुड़ा नहीं है।
add-gateway = गेटवे जोड़ें

per-day = हर दिन प्राप्त राशि
per-day-note = { $currency }, रिफ़ंड घटाए बिना। आज का दिन अभी पूरा नहीं हुआ।
chart = { $days ->
    [1] आज का बार।
   *[other] { $days } दिनों के बार।
} सबसे ज़्यादा: { $day } को { $most }। आज अब तक: { $today }।
bar = { $day }: { $money }
bar-today = { $day }: अब तक { $money }
as-table = टेबल में दिखाएँ
day = दिन
received-column = प्राप्त राशि
day-so-far = { $day } (अब तक)

outcomes = भुगतानों का नतीजा
of-decided = % उन भुगतानों का, जिनका नतीजा आ चुका है
way-paid = सफल
way-refunded = रिफ़ंड हुए
way-failed = असफल
way-returned = लौटाए गए, कभी कैप्चर नहीं हुए
way-open = नतीजा बाकी
by-payment-mode = भुगतान के तरीके के हिसाब से

recent = हाल के लेन-देन
all-transactions = सभी लेन-देन
transaction-id = लेन-देन ID
when = कब
what-happened = क्या हुआ
amount = राशि
status = स्थिति
