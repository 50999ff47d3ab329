payment-gateway-settings = पेमेंट गेटवे सेटिंग
webhook = वेबहुक
step-credentials = क्रेडेंशियल
step-integration = इंटीग्रेशन
step-security = सुरक्षा
steps = सेट-अप के चरण
any-order = चरण किसी भी क्रम में पूरे किए जा सकते हैं।
go-to-overview = सारांश पर जाएँ
next-step = आगे: { $step }
go-to-step = { $step } पर जाएँ
finish-step = चरण पूरा करें
mark-as-done = पूरा हुआ चुनें
undo = पहले जैसा करें
marked = “पूरा हुआ” चुना गया
marked-by = { $name } ने “पूरा हुआ” चुना, { $when }।
step-marked = { $step } चरण में “पूरा हुआ” चुना गया।
step-reopened = { $step } चरण फिर से खुला है।
connection-disabled = यह कनेक्शन बंद है
connection-disabled-effect = इसका URL हर अनुरोध अस्वीकृत करता है।
this-connection = यह कनेक्शन

added = { $gateway } { $mode } मोड में जुड़ गया। { $next }

copy-two = URL और सीक्रेट कॉपी करें
url-and-secret = URL और सीक्रेट
copy-and-paste = URL कॉपी करें, सीक्रेट पेस्ट करें
url = URL
secret = SECRET
copy-url = URL कॉपी करें
copy-secret = सीक्रेट कॉपी करें
reveal = दिखाएँ
reveal-secret = सीक्रेट दिखाएँ
hide = छिपाएँ
hide-secret = सीक्रेट छिपाएँ
save-secret = सीक्रेट सहेजें
replace-secret = सीक्रेट बदलें
new-secret = नया सीक्रेट
url-allowed = { $gateway } यह URL मानता है: होस्ट पब्लिक है, पोर्ट की अनुमति है, { $max } में से { $count } अक्षर।
keep-secret = इसे किसी को न बताएँ।
secret-created-at = { $when } बनाया गया।
manage-secrets = { $count ->
    [1] सीक्रेट देखें और बदलें
   *[other] { $count } मान्य सीक्रेट देखें और बदलें
}
secret-hides-itself = इसे किसी को न बताएँ। यह पेज छोड़ते ही यह फिर छिप जाएगा।
secret-hidden = छिपा हुआ है। देखने के लिए “दिखाएँ” दबाएँ।
secret-unreadable = यह सीक्रेट पढ़ा नहीं जा सकता।

instructions = { $gateway } में सेट-अप के निर्देश
steps-count = { $count } चरण
show-events = { $count ->
    [one] इवेंट दिखाएँ
   *[other] { $count } इवेंट दिखाएँ
}
copy-all = सभी कॉपी करें
copy-all-named = सभी कॉपी करें: इवेंट के नाम
event-names = इवेंट के नाम

evidence = सबूत
see-rejected-request = अस्वीकृत अनुरोध देखें
recover-rejected = अस्वीकृत अनुरोध सहेजे रहते हैं। { $link }।
    .link = जिस सीक्रेट से वे साइन हुए थे, उससे आप उन्हें वापस ला सकते हैं
see-rejected-requests = अस्वीकृत अनुरोध देखें
failing-since = काम करना बंद हुआ
failing-requests = तब से अस्वीकृत हुए आपके गेटवे के अनुरोध
first-verified = पहला सत्यापित इवेंट
last-verified = आखिरी सत्यापित इवेंट
none-yet = अभी कोई नहीं
usually = आम तौर पर
account = खाता
another-account = दूसरा खाता
account-at = { $account }, { $when }
total-verified = कुल सत्यापित
total-rejected = कुल अस्वीकृत: हस्ताक्षर नहीं था या गलत था
none = कोई नहीं
rejected-last = { $count }, आखिरी { $when }
worked-until = { $count ->
    [one] { $until } { $first } से { $count } इवेंट सत्यापित हुआ।
   *[other] { $until } { $first } से { $count } इवेंट सत्यापित हुए।
}
    .until = { $time } तक काम कर रहा था।
look-again-note = जावास्क्रिप्ट बंद होने पर यह पेज अपने-आप अपडेट नहीं होता।
look-again = फिर देखें
last-events = आखिरी इवेंट
unread-event = पढ़ा नहीं गया
recovered = वापस लाया गया
all-events = सभी इवेंट

step-proven = सत्यापित: इस वेबहुक पर सही हस्ताक्षर वाला इवेंट आ चुका है।
step-failing = अनुरोध अस्वीकृत हो रहे हैं। जब तक कोई इवेंट सत्यापित नहीं होता, यह चरण “काम नहीं कर रहा” दिखाएगा।
step-marked-unproven = गेटवे का कोई इवेंट अभी सत्यापित नहीं हुआ।

other-account = यहाँ { $gateway } के किसी दूसरे खाते के इवेंट आ रहे हैं
other-account-reason = इस वेबहुक पर { $accounts } के इवेंट आने चाहिए। { $other } का सबसे नया इवेंट { $when } आया; उसे भी बाकी इवेंट की तरह सहेजा गया।
other-account-undated = इस वेबहुक पर { $accounts } के इवेंट आने चाहिए। { $other } का एक इवेंट आया; उसे भी बाकी इवेंट की तरह सहेजा गया।
whose-account = अगर { $account } आपका नहीं है, तो उस खाते से { $gateway } में साइन इन करें, { $mode } Mode चुनें और उसके वेबहुक में से यह URL हटा दें। अगर यह आपका है, तो { $button } दबाएँ।
    .button = यह मेरा है
it-is-mine = यह मेरा है
account-accepted = खाता मान लिया गया: उसके इवेंट यहीं के हैं।
account-changed = कुछ भी बदला नहीं गया। अभी जो खाता दिख रहा है, उसे जाँचें।
both-modes = एक भुगतान Test और Live दोनों में आया
both-modes-reason = { $payment } दोनों मोड में है, जबकि भुगतान या तो टेस्ट होता है या असली। { $gateway } के दो वेबहुक में से एक में दूसरे का URL और सीक्रेट डला है। उसके डैशबोर्ड में Test Mode चुनें और वेबहुक का URL यहाँ Test में दिख रहे URL से मिलाएँ। फिर Live Mode में भी यही करें।
event-of-other-account = { $gateway } के दूसरे खाते से: { $account }
event-of-other-account-reason = इस वेबहुक पर { $accounts } के इवेंट आने चाहिए। यह इवेंट असली है, इसलिए इसे भी बाकी इवेंट की तरह सहेजा गया।
event-of-both-modes = इसका भुगतान { $mode } मोड में भी आया
event-of-both-modes-reason = भुगतान या तो टेस्ट होता है या असली: { $gateway } के दो वेबहुक में से एक में दूसरे का URL और सीक्रेट डला है।
