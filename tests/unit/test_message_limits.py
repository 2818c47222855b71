"""A template in a cell is data: none escapes, none eats the machine."""

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.errors import InputError
from journey.fields import Names
from journey.model import MessageVariant
from messaging.templates import check_message, compile_variant

CONTEXT = {"customer": {"name": "山田", "last_name": "x" * 1000}, "order": {"products": ["A", "B"] * 50}, "points": 12.0, "sender": {},
           "unsubscribe_url": "https://x.jp/u/1", "today": None}  # fmt: skip

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ customer.__class__ }}",
    "{{ customer['__class__'] }}",
    "{{ customer.items() }}",
    "{{ customer.name.format(customer) }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__}'.format_map({}) }}",
    "{{ '%s'|format(customer) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ config }}",
    "{{ request.application.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ range.__class__ }}",
    "{{ range.__init__ }}",
    "{{ link.__globals__ }}",
    "{{ link['__globals__'] }}",
    "{{ (link)('x').__class__ }}",
    "{{ [].__class__.__base__ }}",
    "{{ [[]]|map(attribute='__class__')|list }}",
    "{{ ['']|map('attr', '__class__')|list }}",
    "{{ ()|select('__class__') }}",
    "{{ [1]|sort(attribute='__class__') }}",
    "{{ [1]|groupby('__class__') }}",
    "{{ loop.__class__ }}",
    "{% for i in [1] %}{{ loop.__class__ }}{% endfor %}",
    "{% for i in [1] %}{{ loop['__init__'] }}{% endfor %}",
    "{% for i in [1] %}{{ loop.cycle.__globals__ }}{% endfor %}",
    "{% set x = ''.__class__ %}{{ x }}",
    "{% set f = link %}{{ f.__globals__ }}",
    "{% set f = range %}{{ f(10**8) }}",
    "{% for f in [range, link] %}{{ f(3) }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as o %}",
    "{% from 'os' import path %}",
    "{% extends 'x' %}",
    "{% macro a() %}{{ caller.__globals__ }}{% endmacro %}{{ a() }}",
    "{% call link('x') %}{% endcall %}",
    "{% filter attr('__class__') %}x{% endfilter %}",
    "{% set ns = namespace(x=1) %}{% set ns.x = 2 %}",
    "{% set x %}y{% endset %}{{ x.__class__ }}",
    "{% autoescape false %}{{ customer.name }}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% block a %}{{ super.__class__ }}{% endblock %}",
    "{% with a = ''.__class__ %}{{ a }}{% endwith %}",
    "{% do ''.__class__ %}",
    "{% debug %}",
    "{% print(''.__class__) %}",
    "{{ {}.__class__ }}",
    "{{ {'a': 1}['__class__'] }}",
    "{{ customer|tojson }}",
    "{{ customer|pprint }}",
    "{{ '<b>'|safe }}",
    "{{ customer|xmlattr }}",
    "{{ '<script>'|forceescape|safe }}",
    "{{ ''.join(['a']) }}",
    "{{ customer.name.encode('utf-8') }}",
    "{{ 1 .real }}",
    "{{ (1).__class__ }}",
    "{{ today.__reduce__() }}",
    "{{ points.__class__ }}",
    "{{ order.products.__class__ }}",
    "{{ order.products.append(1) }}",
    "{{ ''[customer] }}",
    "{{ x.__class__ is defined }}",
    "{{ link(*['https://a.jp']) }}",
    "{{ link(**{'value': 'x'}) }}",
    "{{ _each }}{{ ''|_each }}",
    "{{ ''|_flat }}",
    "{{ '<b>'|_url }}{{ ''|_concat }}",
    "{{ caller() }}",
    "{{ varargs }}{{ kwargs }}",
    "{{ true.__class__ }}",
    "{{ none.__class__ }}",
    "{{ 'a'.\u005f\u005fclass\u005f\u005f }}",
    "｛｛ ''．＿＿class＿＿ ｝｝",
]


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.parametrize("column", ["body", "subject", "link"])
def test_no_known_escape_gets_anywhere(source: str, column: str) -> None:
    variant = MessageVariant("m", channel="email", **{"subject": "件名", "body": "本文", column: source})
    assert any(severity == "error" for _, severity, _ in check_message(variant, Names()))
    with pytest.raises(InputError):
        compile_variant(variant)


@pytest.mark.parametrize(
    "tail", ["{{ a|join('x' * 3) }}", "{{ loop }}", "{{ a.b.c }}", "{{ customer.name[0].x }}", "{{ link }}", "{{ range }}"]
)
def test_what_compiles_still_reaches_no_object(tail: str) -> None:
    variant = MessageVariant("m", channel="email", subject="件名", body="{% for a in order.products %}{% endfor %}" + tail)
    with pytest.raises(InputError):
        compile_variant(variant).render(CONTEXT)


BOMBS = {
    "one long loop": "{% for i in range(10**9) %}x{% endfor %}",
    "loops within loops": "{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}" + "{% endfor %}" * 3,
    "silent loops": "{% for a in range(900) %}{% for b in range(900) %}{% set c = a * b %}{% endfor %}{% endfor %}",
    "text times a billion": "{{ 'a' * 10**9 }}",
    "list times a billion": "{{ ([1] * 10**9)|length }}",
    "a tower of powers": "{{ 9**9**8 }}",
    "powers in steps": "{% set a = 10 %}" + "{% set a = a ** 12 %}" * 12 + "{{ a }}",
    "products in steps": "{% set a = 10**12 %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
    "doubling text": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "adding text": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "adding lists": "{% set a = [1,2,3] %}" + "{% set a = a + a %}" * 40 + "{{ a|length }}",
    "lists within lists": "{% set a = [1,2,3] %}" + "{% set a = [a, a] %}" * 40 + "{{ a|length }}",
    "replacing": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a|replace('a', 'aaaaaaaaaa') %}" * 12 + "{{ a }}",
    "joining": "{% set a = 'aaaaaaaaaa' %}" + "{% set a = range(999)|join(a) %}" * 6 + "{{ a }}",
    "many big texts": "{% set a = range(999)|join('x' * 1) %}",
    "wide formats": "{{ points|日付('%999999999d') }}{{ '%999999999d' % 1 }}",
    "rounding far": "{{ 1.5|round(-999999999) }}{{ points|number(999999999) }}{{ 10**9**9 }}",
    "a range of ranges": "{% for a in range(1000)|list + range(1000)|list %}{% for b in range(1000) %}{{ a ~ b }}" + "{% endfor %}" * 2,
    "slow filters": "{% for i in range(1000) %}" + "{{ 顧客.姓|upper|lower|title|replace('x', 'yy') }}" * 100 + "{% endfor %}",
    "output": "{% for i in range(1000) %}{% for j in range(19) %}{{ 顧客.姓 }}{{ 顧客.姓 }}{% endfor %}{% endfor %}",
    "recursion": "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "nested brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "nested lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "nested not": "{{ " + "not " * 9000 + "1 }}",
    "nested if": "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
    "nested for": "{% for a in [1] %}" * 1500 + "{% endfor %}" * 1500,
    "many elif": "{% if 1 %}" + "{% elif 1 %}" * 3000 + "{% endif %}",
    "many filters": "{{ 1" + "|abs" * 9000 + " }}",
    "many additions": "{{ 1" + "+1" * 15000 + " }}",
    "many concats": "{{ 1" + "~1" * 15000 + " }}",
    "open tags": "{{" * 20000,
    "open statements": "{%" * 20000,
    "open comments": "{#" * 20000,
    "open quotes": "{{ '" * 10000,
    "half closed": "{{ }" * 10000,
    "big numbers": "{{ " + "9" * 20000 + " }}",
    "markdown brackets": "[" * 30000,
    "markdown stars": "*a " * 10000,
    "markdown quotes": ">" * 30000,
    "markdown lists": "\n".join(" " * i + "- x" for i in range(200)),
    "markdown backticks": "`" * 15000 + " " + "`" * 14999,
    "markdown links": "[a](" * 10000,
    "html depth": "<div>" * 6000 + "x",
    "open anchors": "<a href='x'>" * 3000,
    "open elements": "<p " + "<" * 30000,
    "open styles": "<p><style>" * 4000,
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_every_bomb_ends_soon(name: str) -> None:
    began = time.process_time()
    try:
        message = compile_variant(MessageVariant("m", channel="email", subject="件名", body=BOMBS[name]))
        rendered = message.render(CONTEXT)
        assert len(rendered.html) + len(rendered.text) < 2_000_000
    except InputError as problem:
        assert problem.said.say("ja") and problem.said.say("en")
    assert time.process_time() - began < 2, "of processor time: a second on a common core"


def test_all_bombs_together_fit_in_256_mb_and_sending_goes_on() -> None:
    script = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
sys.path.insert(0, "tests/unit")
from test_message_limits import BOMBS, CONTEXT
from journey.errors import InputError
from journey.model import MessageVariant
from messaging.templates import compile_variant
for name, source in BOMBS.items():
    try:
        compile_variant(MessageVariant("m", channel="email", subject="s", body=source)).render(CONTEXT)
    except InputError:
        pass
print(compile_variant(MessageVariant("m", channel="email", subject="s", body="{{ 顧客.姓 }} ok")).render(CONTEXT).text[-3:-1])
# Not getrusage: its peak begins with what the process that started this one held.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    said, peak = done.stdout.split()
    assert said == "ok"
    assert int(peak) < 256 * 1024


@settings(max_examples=80)
@given(st.text(alphabet=st.sampled_from(list("{}%#｛｝％ '\"|.()[]~+*_x1\n顧客姓if endfor")), max_size=60))
def test_any_text_in_a_cell_gives_sentences_and_never_a_traceback(source: str) -> None:
    variant = MessageVariant("m", channel="email", subject=source, body=source, link=source)
    for _, severity, said in check_message(variant, Names()):
        assert severity in ("error", "warning")
        assert said.say("ja") and said.say("en")
    try:
        compile_variant(variant).render(CONTEXT)
    except InputError as problem:
        assert problem.said.say("ja") and problem.said.say("en")
