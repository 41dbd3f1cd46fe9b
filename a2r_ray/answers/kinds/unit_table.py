"""The table of units: their dimension, how many of its base units one is, and their names."""

from fractions import Fraction

_INCH = Fraction("0.0254")
_POUND = Fraction("0.45359237")
_GALLON = 231 * _INCH**3
TABLE = f"""
length 1 m metre meter 米 м метр 미터
length 1000 km KM Km kilometre kilometer 公里 千米 км
length 1/100 cm CM centimetre centimeter 厘米 公分 см
length 1/10 dm decimetre decimeter 分米 дм
length 1/1000 mm millimetre millimeter 毫米 мм
length 1/1000000 µm um micron micrometre micrometer 微米 мкм
length 1/1000000000 nm nanometre nanometer 纳米 нм
length 1/10000000000 Å angstrom ångström
length {_INCH} in inch inche
length {12 * _INCH} ft foot feet
length {36 * _INCH} yd yard
length {63360 * _INCH} mi mile
length 1852 nmi
mass 1 g gm gram gramme 克 г
mass 1000 kg Kg KG kilogram kilogramme kilo 千克 公斤 кг
mass 1/1000 mg milligram 毫克 мг
mass 1/1000000 µg ug microgram
mass 1000000 tonne 吨 т
mass {_POUND * 1000} lb pound
mass {_POUND * 1000 / 16} oz ounce
time 1 s sec second 秒 초 с сек
time 1/1000 ms millisecond 毫秒 мс
time 1/1000000 µs us microsecond
time 1/1000000000 ns nanosecond
time 60 min minute 分钟 分鐘 분 мин
time 3600 h hr hour 小时 小時 時間 시간 ч час
time 86400 day 天 日 일
time 604800 wk week 周 週
month 1 month 个月 個月 か月 개월
month 12 yr year 年 년
month 120 decade
month 1200 century centurie
volume 1/1000 L l litre liter 升 л
volume 1/1000000 ml mL millilitre milliliter cc 毫升 мл
volume 1/100000 cl cL centilitre centiliter
volume 1/10000 dl dL decilitre deciliter
volume {_GALLON} gal gallon
volume {_GALLON / 4} qt quart
volume {_GALLON / 8} pint
area 10000 ha hectare
area {43560 * (12 * _INCH) ** 2} acre
area 1 平方米 平方公尺
area 1/10000 平方厘米 平方公分
area 1000000 平方公里 平方千米
volume 1 立方米
volume 1/1000000 立方厘米
molarity 1000 M
molarity 1 mM
kelvin 1 K kelvin
celsius 1 °C celsiu celsius centigrade
fahrenheit 1 °F fahrenheit
degree 1 ° deg degree 度
degree 1/60 arcmin arcminute
radian 1 rad radian
mole 1 mol mole
mole 1/1000 mmol
energy 3600000000 kWh
energy 1000 Nm
calorie 1 cal calorie
calorie 1000 kcal Cal kilocalorie
pressure 100000000 bar
pressure 101325000 atm atmosphere
pressure 101325000/760 mmHg torr Torr
speed 5/18 kmph kph kmh
speed 1397/3125 mph
bit 1 bit
bit 1000 kb Kb kbit kilobit
bit 1000000 Mb Mbit megabit
bit 1000000000 Gb Gbit gigabit
bit 8 byte B
bit 8000 KB kB kilobyte
bit 8000000 MB megabyte
bit 8000000000 GB gigabyte
bit 8000000000000 TB terabyte
percent 1 % percent percentage pct
percent 1/10 ‰ permille
USD 1 dollar usd USD US$ buck 美元 달러
USD 1/100 cent ¢
EUR 1 € euro eur EUR 欧元
GBP 1 £ gbp GBP 英镑
GBP 1/100 pence penny p
JPY 1 ¥ yen jpy JPY 円 日元
INR 1 ₹ rupee inr INR rs Rs
CNY 1 yuan cny CNY rmb RMB 元 块 塊 人民币
KRW 1 ₩ won krw KRW 원
RUB 1 ₽ ruble rouble rub RUB руб рубль рубля рублей
CHF 1 franc chf CHF
ordinal 1 st nd rd th
anything 1 unit
"""
BASE = {
    "volume": "length 3",
    "area": "length 2",
    "speed": "length 1 time -1",
    "frequency": "time -1",
    "molarity": "length -3 mole 1",
    "force": "length 1 mass 1 time -2",
    "energy": "length 2 mass 1 time -2",
    "power": "length 2 mass 1 time -3",
    "pressure": "length -1 mass 1 time -2",
    "charge": "current 1 time 1",
    "voltage": "current -1 length 2 mass 1 time -3",
    "resistance": "current -2 length 2 mass 1 time -3",
    "capacitance": "current 2 length -2 mass -1 time 4",
    "induction": "current -1 mass 1 time -2",
    "flux": "current -1 length 2 mass 1 time -2",
    "inductance": "current -2 length 2 mass 1 time -2",
}
"""In base units; that of mass is the gram, so that a newton is a thousand."""
PREFIXED = """
current 1 A ampere amp
frequency 1 Hz hertz hz
force 1000 N newton
energy 1000 J joule
power 1000 W watt
pressure 1000 Pa pascal
charge 1 C coulomb
voltage 1000 V volt
resistance 1000 Ω ohm
capacitance 1/1000 F farad
induction 1000 T tesla
flux 1000 Wb weber
inductance 1000 H henry
electronvolt 1 eV electronvolt
"""
PREFIXES = """
1/1000000000000 p pico
1/1000000000 n nano
1/1000000 µ micro
1/1000000 u micro
1/1000 m milli
1 - -
1000 k kilo
1000000 M mega
1000000000 G giga
"""
