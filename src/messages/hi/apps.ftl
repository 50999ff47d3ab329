registered = रजिस्टर किए गए ऐप
count-newest-first = { $count ->
    [one] { $count } ऐप
   *[other] { $count } ऐप, सबसे नए पहले
}
count-urgent-first = { $count ->
    [one] { $count } ऐप
   *[other] { $count } ऐप, सबसे ज़रूरी पहले
}
shown-of = { $count } में से { $shown } ऐप
name = ऐप का नाम
email = ईमेल
country = देश
health = वेबहुक की स्थिति
enabled-column = चालू
enabled = चालू
disabled = बंद
yes = हाँ
no = नहीं
app-enabled = { $app } चालू
pages = सूची के पेज
rows-of = { $count } में से { $first } से { $last }
more-trouble = { $link } पर ध्यान दें।
    .link = { $count } और वेबहुक

search-label = ऐप के नाम, ईमेल या App ID से खोजें
search-apps = ऐप खोजें
clear-search = { $search }: सभी ऐप दिखाएँ
invalid-search = यह खोज मान्य नहीं है
no-match = कोई ऐप नहीं मिला
no-match-advice = किसी ऐप के नाम, ईमेल या App ID में “{ $search }” नहीं है।
without-search = { $count ->
    [one] आपका { $count } ऐप है।
   *[other] आपके { $count } ऐप हैं।
}
show-all = सभी ऐप दिखाएँ

none-yet = आपने अभी तक कोई एप्लिकेशन रजिस्टर नहीं किया है
what-is-an-app = ऐप वह जगह है जहाँ आप भुगतान लेते हैं: वेबसाइट, मोबाइल ऐप या दुकान का काउंटर। हर ऐप का अपना वेबहुक, अपनी API keys और लेन-देन की अपनी सूची होती है।
next-steps = अगले चरण
step-register = ऐप रजिस्टर करें
step-register-note = नाम, ईमेल और देश। करीब एक मिनट लगता है।
step-connect = Razorpay को Test मोड में जोड़ें
step-connect-note = एक URL और एक सीक्रेट कॉपी करके Razorpay के डैशबोर्ड में डालें। असली पैसे नहीं कटते।
step-pay = पहला भुगतान आते देखें
step-pay-note = एक टेस्ट भुगतान करें और उसे सत्यापित होकर आते देखें। फिर यही Live मोड में करें।
colleague = क्या किसी साथी ने इसे पहले ही रजिस्टर किया है? आप { $company } में साइन इन हैं; दूसरी कंपनियों के ऐप यहाँ नहीं दिखते।

new-note = ऐप वह जगह है जहाँ आप भुगतान लेते हैं। उसे एक App ID मिलती है; फिर आप पेमेंट गेटवे जोड़ते हैं।
the-app = ऐप
name-hint = 3 से 256 अक्षर। अगर आप चरण 3, इंटीग्रेशन का कोड इस्तेमाल करते हैं, तो ग्राहकों को यह नाम Razorpay की पेमेंट विंडो में दिखता है।
email-hint = इस ऐप के लिए संपर्क का ईमेल।
choose-country = देश चुनें
address = पता (ज़रूरी नहीं)
city = शहर (ज़रूरी नहीं)
state = राज्य (ज़रूरी नहीं)
postal-code = PIN कोड / ज़िप कोड (ज़रूरी नहीं)
phone = फ़ोन नंबर (ज़रूरी नहीं)
phone-hint = + और देश के कोड के साथ, जैसे +91{ "\u00A0" }00000{ "\u00A0" }00000। देश भारत हो, तो 10 अंक काफ़ी हैं।
registered-now = { $app } रजिस्टर हो गया है
saved = ऐप की सेटिंग सहेज ली गई हैं
general-settings = सामान्य सेटिंग
general = सामान्य
domain = डोमेन
gateways = पेमेंट गेटवे सेटिंग
domain-now = मौजूदा डोमेन:
no-domain = अभी कोई डोमेन सहेजा नहीं गया है। यह ज़रूरी नहीं। KS Pay ऐसा वेबहुक सीक्रेट नहीं मानता जो डोमेन के नाम से बना हो।
domain-hint = जहाँ आपके ग्राहक भुगतान करते हैं (जैसे shop.neemtree.example)। आप पूरा URL पेस्ट कर सकते हैं; सिर्फ़ होस्ट का नाम सहेजा जाता है।
domain-saved = डोमेन अब { $domain } है
is-enabled = यह ऐप चालू है
is-enabled-note = इसके वेबहुक इवेंट स्वीकार करते हैं। बंद करने से पहले आपसे पूछा जाएगा।
is-disabled = यह ऐप बंद है
is-disabled-note = इसके वेबहुक हर इवेंट को अस्वीकार करते हैं (401)। चालू करने पर वे फिर से इवेंट स्वीकार करेंगे; पेमेंट गेटवे में देख लें कि वेबहुक वहाँ अब भी चालू है।
enable = ऐप चालू करें
disable = ऐप बंद करें
now-enabled = { $app } अब चालू है
now-disabled = { $app } अब बंद है

settings-of-app = ऐप की सेटिंग
choose-note = जिस ऐप की सेटिंग बदलनी है, उसकी App ID चुनें।
apps = ऐप
choose-shown = { $count } में से { $shown } ऐप दिखाए गए हैं। बाकी को खोजें।
to-settings = इसकी सेटिंग पर जाएँ
choose-first = ऐप चुनें, फिर आगे बढ़ें।

disable-title = { $app } को बंद करें?
what-happens = आगे क्या होगा
no-gateway-loses = कोई पेमेंट गेटवे जुड़ा नहीं है, इसलिए कोई इवेंट नहीं खोएगा।
stays = अब तक मिले इवेंट और लेन-देन पहले की तरह दिखते रहेंगे।
keep-enabled = ऐप चालू रखें

gateway-and-mode = { $gateway } { $mode }
trouble-silent = { $app }: { $mode } मोड में { $duration } से कुछ नहीं आया
trouble-failing = { $app }: { $time } से { $count ->
    [one] { $count } { $mode } अनुरोध अस्वीकृत हुआ
   *[other] { $count } { $mode } अनुरोध अस्वीकृत हुए
}
trouble-not-verified = { $app }: अभी सत्यापित नहीं, { $time } से { $count ->
    [one] { $count } { $mode } अनुरोध अस्वीकृत हुआ
   *[other] { $count } { $mode } अनुरोध अस्वीकृत हुए
}
latest-reason = ताज़ा वजह: { $reason }।
app-off = { $app } बंद है
connection-off = { $app }: { $connection } बंद है
off-reason = भुगतान दर्ज नहीं हो रहे: हर इवेंट अस्वीकृत होता है।
silent-reason = { $silence } { $advice }
