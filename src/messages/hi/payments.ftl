upi = UPI
card = कार्ड
net-banking = नेट बैंकिंग
wallet = वॉलेट
emi = EMI
cardless-emi = कार्डलेस EMI
pay-later = पे लेटर
bank-transfer = बैंक ट्रांसफ़र

sequence = { $first } { $next }
item = { $first }, { $next }
payment-item = { $link } ({ $amount }, { $time })
    .link = { $id }

paid = भुगतान हो गया।
paid-by = { $method } से भुगतान हुआ।
partly-refunded = भुगतान हुआ; उसमें से { $amount } का रिफ़ंड हुआ।
partly-refunded-by = { $method } से भुगतान हुआ; उसमें से { $amount } का रिफ़ंड हुआ।
refunded-in-full = भुगतान हुआ और पूरी राशि का रिफ़ंड हो गया।
refunded-in-full-by = { $method } से भुगतान हुआ और पूरी राशि का रिफ़ंड हो गया।
never-captured = भुगतान कभी कैप्चर नहीं हुआ।
never-captured-by = { $method } से किया गया भुगतान कभी कैप्चर नहीं हुआ।
authorised = भुगतान मंज़ूर हुआ; { $gateway } ने उसे अभी कैप्चर नहीं किया है।
authorised-by = { $method } से भुगतान मंज़ूर हुआ; { $gateway } ने उसे अभी कैप्चर नहीं किया है।
failed = भुगतान असफल रहा।
failed-by = { $method } से किया गया भुगतान असफल रहा।
created = भुगतान शुरू हुआ।
created-by = { $method } से भुगतान शुरू हुआ।
not-reported = भुगतान की जानकारी अभी नहीं आई है।

refunded = { $amount } का रिफ़ंड हुआ।
returned = ग्राहक को { $amount } की राशि वापस मिल गई।
returned-in-full = ग्राहक को पूरी राशि वापस मिल गई।
refund-pending = { $amount } का रिफ़ंड होना बाकी है।
refund-failed = { $amount } का रिफ़ंड असफल रहा।
refund-pending-and-failed = { $pending } का रिफ़ंड होना बाकी है; { $failed } का रिफ़ंड असफल रहा।

title-by = { $method } से { $amount }
title-not-reported = भुगतान की जानकारी का इंतज़ार

failure-not-completed = ग्राहक ने रद्द किया
failure-timed-out = समय पर मंज़ूर नहीं हुआ
failure-insufficient-funds = खाते में पैसे कम थे
failure-wrong-details = गलत PIN, OTP या कार्ड का ब्योरा
failure-declined = बैंक या गेटवे ने मना किया
failure-technical-error = बैंक या गेटवे की गड़बड़ी
failure-other = दूसरी वजह
failure-not-given = वजह नहीं बताई गई

created-at = { $time } को शुरू हुआ।
created-in-future = इसका समय आगे का है: इस सर्वर की या गेटवे की घड़ी गलत है या थी।
reason = वजह: { $reason }
settled-in = { $currency } में, { $gateway } की दर पर

refund-failed-headline = { $amount } का रिफ़ंड असफल रहा
refund-failed-advice = ग्राहक को यह राशि नहीं मिली है। { $gateway } में फिर से कोशिश करें।
refunds-failed-headline = असफल रिफ़ंड: { $amount } अभी वापस नहीं हुए
refunds-failed-advice = ग्राहक को यह राशि नहीं मिली है। { $gateway } में इसका रिफ़ंड करें।
refund-failed-after-dispute = आप एक विवाद भी हार चुके हैं। कोई भी रिफ़ंड करने से पहले { $gateway } में देखें कि ग्राहक को क्या मिल चुका है।

went-back-twice = जितना भुगतान हुआ, उससे ज़्यादा वापस गया
went-back-twice-advice = { $paid } के इस भुगतान में से { $refunded } का रिफ़ंड हुआ और एक विवाद हारने पर { $lost } चले गए। { $gateway } में देखें कि ग्राहक को पैसे दो बार तो नहीं मिले।

paid-more-than-once = इस ऑर्डर का भुगतान एक से ज़्यादा बार हुआ
paid-more-than-once-advice = { $count ->
    [one] { $asked } के ऑर्डर { $order } के लिए यह भुगतान भी मिला और एक दूसरा भी: { $payments }। { $advice }
   *[other] { $asked } के ऑर्डर { $order } के लिए यह भुगतान भी मिला और { $count } दूसरे भी: { $payments }। { $advice }
}
maybe-paid-more-than-once = { $count ->
    [one] इस ऑर्डर के लिए एक और भुगतान मिला
   *[other] इस ऑर्डर के लिए { $count } और भुगतान मिले
}
maybe-paid-more-than-once-advice = ऑर्डर { $order } में ये भुगतान भी हैं: { $payments }। अगर ऑर्डर का भुगतान हिस्सों में नहीं होना था, तो वह एक से ज़्यादा बार हुआ है। { $advice }
keep-one-here = दोनों में से एक भुगतान रखें और सिर्फ़ दूसरे का रिफ़ंड करें: उसे खोलकर “रिफ़ंड करें” चुनें।
keep-one-at-gateway = दोनों में से एक भुगतान रखें और सिर्फ़ दूसरे का { $gateway } में रिफ़ंड करें।
keep-what-is-due-here = ऑर्डर की राशि जितना रखें और सिर्फ़ बाकी का रिफ़ंड करें: भुगतान खोलकर “रिफ़ंड करें” चुनें।
keep-what-is-due-at-gateway = ऑर्डर की राशि जितना रखें और सिर्फ़ बाकी का { $gateway } में रिफ़ंड करें।

order-paid-twice = { $amount } के ऑर्डर का भुगतान दो बार हुआ
order-paid-twice-of-app = { $app }: { $amount } के ऑर्डर का भुगतान दो बार हुआ
order-paid-twice-advice = उसके भुगतान देखें। एक रखें और दूसरे का रिफ़ंड करें।
see-payments = भुगतान देखें
marked-paid-twice = ऑर्डर का भुगतान दो बार
