label = ऐप, पेज और ID खोजें
placeholder = ऐप, पेज या कोई ID
keys = तीर वाले बटनों से नतीजा चुनें, Enter से उसे खोलें और Esc से खोज बंद करें।
apps = ऐप
pages = यहाँ जाएँ
payment = { $payment } { $id }
rejection = अस्वीकृत अनुरोध { $id }
of-app = { $app }, { $mode }
count = { $count ->
    [one] { $count } नतीजा
   *[other] { $count } नतीजे
}
nothing = “{ $text }” से मेल खाता कुछ नहीं मिला। ऐप या पेज का नाम भरें, या भुगतान, ऑर्डर, रिफ़ंड, विवाद, इवेंट या अस्वीकृत अनुरोध की ID भरें। ID के पहले 6 अक्षर भी काफ़ी हैं।
too-many = बहुत बार खोजा गया। { $wait } रुकें, फिर खोजें।
