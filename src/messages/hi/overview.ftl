title = ऐप का सारांश
period = अवधि
numbers = आँकड़े और कनेक्शन

today-so-far = आज अब तक: { $money } ({ $count } भुगतान)।
yesterday = कल, { $day }: { $money } ({ $count } भुगतान)।
nothing-yesterday = कल, { $day }: कोई भुगतान नहीं।
yesterdays-list = कल के लेन-देन

received-note = प्राप्त राशि यानी ग्राहकों ने जितना भुगतान किया। यह आपके बैंक खाते में कब आएगी, यह पेमेंट गेटवे के सेटलमेंट के समय पर निर्भर है।

received = { $days ->
    [1] प्राप्त राशि, आज
   *[other] प्राप्त राशि, { $days } दिन
}
payments = { $count } भुगतान
success-rate = { $days ->
    [1] सफलता दर, आज
   *[other] सफलता दर, { $days } दिन
}
net = { $days ->
    [1] आपके हिस्से की राशि, आज
   *[other] आपके हिस्से की राशि, { $days } दिन
}
net-note = रिफ़ंड और विवाद घटाकर, फ़ीस घटाए बिना
refunds = { $days ->
    [1] रिफ़ंड और विवाद, आज
   *[other] रिफ़ंड और विवाद, { $days } दिन
}
refunds-note = इस अवधि के भुगतानों में से

more-than-before = आज को छोड़कर: { $days } के मुकाबले { $percent } ज़्यादा
less-than-before = आज को छोड़कर: { $days } के मुकाबले { $percent } कम
same-as-before = आज को छोड़कर: { $days } के बराबर
points-more = आज को छोड़कर: { $days } के मुकाबले { $points } प्रतिशत अंक ज़्यादा
points-less = आज को छोड़कर: { $days } के मुकाबले { $points } प्रतिशत अंक कम
none-before = { $days }: कोई भुगतान नहीं
day-before = { $day }, पूरा दिन: { $money }

needs-attention = इन पर ध्यान दें
set-up = सेट-अप करें
set-up-named = { $gateway } का सेट-अप करें

see-cause = वजह देखें
see-cause-of = { $gateway } की वजह देखें
view-webhook = वेबहुक देखें
view-webhook-of = { $gateway } का वेबहुक देखें
no-gateway = { $mode } मोड में कोई गेटवे जुड़ा नहीं है।
add-gateway = गेटवे जोड़ें

per-day = हर दिन प्राप्त राशि
per-day-note = { $currency }, रिफ़ंड घटाए बिना
this-period = { $days }, आज का दिन अभी पूरा नहीं हुआ
chart = { $days ->
    [1] आज का बार।
   *[other] { $days } दिनों के बार।
} सबसे ज़्यादा: { $day } को { $most }। आज अब तक: { $today }।
bar = { $day }: { $money }; { $earlier }: { $before }
bar-today = { $day }: अब तक { $money }; { $earlier }: { $before }
bar-value = { $day }: { $money }
bar-value-today = { $day }: अब तक { $money }
as-table = टेबल में दिखाएँ
day = दिन
received-column = प्राप्त राशि
day-so-far = { $day } (अब तक)

outcomes = भुगतानों का नतीजा
of-decided = { $days }, जिन भुगतानों का नतीजा आ चुका है उनका %
outcome = नतीजा
share = हिस्सा
count = भुगतान
way-paid = सफल
way-refunded = रिफ़ंड हुए
way-failed = असफल
way-returned = लौटाए गए, कभी कैप्चर नहीं हुए
way-open = नतीजा बाकी
by-payment-mode = भुगतान के तरीके के हिसाब से

why-failed = भुगतान असफल क्यों हुए
reason = वजह
all-failed = असफल भुगतान

recent = हाल के लेन-देन
all-transactions = सभी लेन-देन
transaction-id = लेन-देन ID
when = कब
what-happened = क्या हुआ
amount = राशि
