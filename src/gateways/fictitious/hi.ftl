name = Kestrel Pay

next-step = अब नीचे दिया URL कॉपी करके Kestrel Pay की सेटिंग में डालें और Kestrel Pay का सीक्रेट यहाँ पेस्ट करें।
waiting = अभी तक इस URL पर Kestrel Pay से कोई अनुरोध नहीं आया। URL कॉपी करके Kestrel Pay की सेटिंग में डालें, उसकी कुंजी यहाँ पेस्ट करें और एक इवेंट आते देखें।
unreadable = जो अनुरोध किसी और सीक्रेट से मेल नहीं खाते, उन्हें 503 मिलता है और Kestrel Pay उन्हें दोबारा भेजता है। Kestrel Pay में नया सीक्रेट बनाएँ और यहाँ पेस्ट करें: उससे हस्ताक्षर किए इवेंट तुरंत सत्यापित होते हैं। फिर खराब सीक्रेट हटा दें। आपके सर्वर एडमिन को ks-pay doctor से पूरी जानकारी मिल सकती है।
new-secret = Kestrel Pay में नया सीक्रेट बनाएँ और यहाँ पेस्ट करें।

url-private-host = Kestrel Pay { $host } तक नहीं पहुँच सकता: यह पब्लिक होस्ट नहीं है।

keys-instructions = Kestrel Pay में { $menu } खोलें और { $button } दबाएँ।
    .menu = My business › Access
    .button = New passphrase
passphrase-hint = Kestrel Pay इसे एक बार दिखाता है।
merchant-number-hint = { $mode } भुगतानों के लिए आठ अंक।
merchant-number-malformed = मर्चेंट नंबर में सिर्फ़ अंक होते हैं।

guide-heading = URL को Kestrel Pay में डालें
guide-paste = URL को { $field } में पेस्ट करें और सहेजें।
    .field = Notices
guide-copy = फिर Kestrel Pay जो कुंजी दिखाए, उसे कॉपी करके यहाँ पेस्ट करें।
