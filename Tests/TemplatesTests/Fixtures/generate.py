#!/usr/bin/env python3
"""Writes statements.jsonl: what Jinja 3.1 makes of each template, set up as Airflow does, with pendulum's dates.

    pip install 'jinja2==3.1.6' 'pendulum==3.3.0' && python3 generate.py > statements.jsonl

The environment is Airflow's (Task SDK, `DAG.get_template_env`): sandboxed, StrictUndefined, the `do` extension, Jinja's
defaults otherwise. The context is `TemplateContext.sample()` of TemplateVectorTests.swift. Mappings come with sorted keys,
since ours have no order of their own.
"""
import copy
import datetime
import json
import sys

import jinja2
import jinja2.sandbox
import pendulum


def ordered(value):
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(element) for element in value] if isinstance(value, list) else value


class Namespace(dict):
    __getattr__ = dict.__getitem__


PARAMS = ordered({
    "x": 5, "name": "upbit krw", "list": [3, 1, 2], "words": ["b", "A", "c"],
    "nested": {"a": {"b": [10, 20]}, "z": None}, "f": 2.5, "flag": True, "empty": "", "none": None,
    "text": "  padded\ttext ", "html": "<a href='x'>&\"</a>", "uni": "가나다 é",
    "rows": [{"n": "a", "v": 1}, {"n": "b", "v": 2}],
})
START = pendulum.datetime(2026, 1, 31, 23, 5, 9)
END = pendulum.datetime(2026, 2, 1, 0, 5, 9, 250000)


class TaskInstance:
    task_id, try_number, map_index = "t1", 3, -1
    outputs = {("up", "return_value"): {"ids": [1, 2], "rows": 7}, ("up", "n"): 3, ("other", "return_value"): "text"}

    def xcom_pull(self, task_ids=None, key="return_value", default=None, map_indexes=None):
        if isinstance(task_ids, (list, tuple)):
            return [self.outputs.get((task, key), default) for task in task_ids]
        return self.outputs.get((task_ids or "t1", key), default)


class Macros:
    class json:
        dumps, loads = staticmethod(json.dumps), staticmethod(json.loads)

    timedelta, datetime = datetime.timedelta, datetime.datetime

    @staticmethod
    def ds_add(ds, days):
        return (datetime.datetime.strptime(ds, "%Y-%m-%d") + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


class Run:
    conf, run_id = {"a": "A", "n": 7}, "scheduled__2026-01-31"


CONTEXT = {
    "ds": "2026-01-31", "ds_nodash": "20260131", "ts": START.isoformat(), "logical_date": START,
    "data_interval_start": START, "data_interval_end": END, "ti": TaskInstance(), "macros": Macros, "dag_run": Run(),
    "run_id": Run.run_id, "conn": {"db": Namespace(host="db.example", port=5432, login="me", password="s3cret",
                                                   schema="market", conn_type="postgresql",
                                                   extra_dejson={"sslmode": "require"})},
}
ENVIRONMENT = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"])
ENVIRONMENT.filters["ds"] = lambda date: date.strftime("%Y-%m-%d")
ENVIRONMENT.filters["ts"] = lambda date: date.isoformat()
ENVIRONMENT.filters["ts_nodash_with_tz"] = lambda date: date.isoformat().replace("-", "").replace(":", "")

# Grouped by what they are about.
TEMPLATES = r'''
{% if params.flag %}yes{% endif %}
{% if not params.flag %}yes{% endif %}|
{% if params.x > 9 %}a{% elif params.x > 3 %}b{% else %}c{% endif %}
{% if params.x > 9 %}a{% elif params.x > 7 %}b{% else %}c{% endif %}
{% if params.x > 9 %}a{% elif params.x > 7 %}b{% elif params.x == 5 %}five{% endif %}
{% if params.empty %}x{% else %}empty{% endif %}
{% if params.none is none and params.list %}ok{% endif %}
{% if missing is defined %}x{% else %}not{% endif %}
{% if missing is defined and missing %}x{% else %}not{% endif %}
{% if params.list is iterable and params.list is not string %}list{% endif %}
{% if 1 < params.x < 10 %}in{% endif %}
{% if 1 < params.x < 5 %}in{% else %}out{% endif %}
{% if 'u' in params.name %}u{% endif %}{% if 'Z' not in params.name %} no Z{% endif %}
{% if params %}some{% endif %}
{% if params.x %}{% if params.f %}both{% endif %}{% endif %}
{% if 0 %}a{% elif '' %}b{% elif [] %}c{% elif {} %}d{% else %}none{% endif %}
{% for i in params.list %}{{ i }},{% endfor %}
{% for i in params.list %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}
{% for i in [] %}x{% else %}nothing{% endfor %}
{% for i in [1] %}x{% else %}nothing{% endfor %}
{% for i in range(3) %}{{ i }}{% endfor %}
{% for i in range(2, 8, 3) %}{{ i }} {% endfor %}
{% for i in range(5, 0, -2) %}{{ i }} {% endfor %}
{% for i in range(0) %}{{ i }}{% else %}none{% endfor %}
{% for k, v in params.nested.items() %}{{ k }}={{ v }};{% endfor %}
{% for k in params.nested %}{{ k }};{% endfor %}
{% for r in params.rows %}{{ r.n }}:{{ r['v'] }} {% endfor %}
{% for r in params.rows if r.v > 1 %}{{ r.n }}{{ loop.length }}{% endfor %}
{% for i in params.list if i > 5 %}{{ i }}{% else %}no{% endfor %}
{% for i in params.list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}
{% for i in params.list %}{{ loop.cycle('odd', 'even') }} {% endfor %}
{% for i in [1, 1, 2, 2, 1] %}{% if loop.changed(i) %}{{ i }}{% endif %}{% endfor %}
{% for i in params.list %}{{ loop.previtem | default('-') }}<{{ i }}>{{ loop.nextitem | default('-') }} {% endfor %}
{% for i in params.list %}{{ loop.previtem is defined }}{% endfor %}
{% for i in [1, 2] %}{% for j in [1, 2] %}{{ loop.depth }}{{ loop.depth0 }}:{{ i }}{{ j }} {% endfor %}{% endfor %}
{% for i in [1, 2] %}{% set outer = loop %}{% for j in 'ab' %}{{ outer.index }}{{ loop.index }}{{ j }} {% endfor %}{% endfor %}
{% for c in params.name %}{{ c }}.{% endfor %}
{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}
{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}
{% for i in 1, 2, 3 %}{{ i }}{% endfor %}
{% for i in (1, 2) if i is odd %}{{ i }}{% endfor %}
{% for i in params.x %}{% endfor %}
{% for i in none %}{% endfor %}
{% for i in params.list | sort %}{{ i }}{% endfor %}
{% for i in params.list | sort(reverse=true) %}{{ i }}{% endfor %}
{% for i in params.list[1:] %}{{ i }}{% endfor %}
{% for i in params.list[::-1] %}{{ i }}{% endfor %}
{% for i in (params.list if params.flag else []) %}{{ i }}{% endfor %}
{% for i in missing %}{{ i }}{% endfor %}
{% for i in params.list %}{{ i }}{% endfor %}{{ i }}
{% for i in params.list %}{% set last = i %}{% endfor %}{{ last }}
{% for i in params.list %}{% set last = i %}{{ last }}{% endfor %}
{% set x = 1 %}{% for i in params.list %}{% set x = i %}{% endfor %}{{ x }}
{% set x = 0 %}{% for i in params.list %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}
{% set ns = namespace(total=0) %}{% for i in params.list %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}
{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}
{% set ns = namespace(a=1, b='x') %}{{ ns.b }}{{ ns['a'] }}
{% set ns = namespace({'a': 3}) %}{{ ns.a }}
{% set ns = namespace(found=false) %}{% for i in params.list %}{% if i == 2 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}
{% set ns = 1 %}{% set ns.a = 1 %}
{% set ns = namespace() %}{{ ns.missing }}
{% set ns = namespace() %}{{ ns.missing | default('d') }}
{% set x = 5 %}{{ x * 2 }}
{% set x, y = 1, 2 %}{{ x }}{{ y }}
{% set x, y = (1, 2, 3) %}
{% set (x, y) = 'ab' %}{{ y }}{{ x }}
{% set x = 1, 2 %}{{ x }}
{% set x = [1, 'a', none, true, 1.5] %}{{ x }}
{% set x = {'a': 1, 'b': [1, 2]} %}{{ x }}{{ x.a }}{{ x['b'][1] }}
{% if params.flag %}{% set x = 'in' %}{% endif %}{{ x }}
{% if not params.flag %}{% set x = 'in' %}{% endif %}{{ x }}
{% set x %}hello {{ params.x }}{% endset %}[{{ x }}]
{% set x | upper %}hello{% endset %}{{ x }}
{% set x | replace('l', 'L') | trim %}  hello {% endset %}{{ x }}!
{% set x %}{% for i in params.list %}{{ i }}{% endfor %}{% endset %}{{ x | length }}
{% set x %}{% set y = 1 %}{{ y }}{% endset %}{{ x }}{{ y }}
{% set ds = 'mine' %}{{ ds }}
{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}
{% with a = 1 %}{% set b = a %}{{ b }}{% endwith %}{{ b is defined }}
{% with %}{% set q = 3 %}{{ q }}{% endwith %}
{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% filter upper %}hello {{ params.name }}{% endfilter %}
{% filter replace('a', 'b') | upper %}banana{% endfilter %}
{% set l = [] %}{% do l.append(1) %}{% do l.append(2) %}{{ l }}
{% set l = [] %}{% for i in range(4) %}{% do l.append(i * i) %}{% endfor %}{{ l | join('-') }}
{% set l = [] %}{% set _ = l.append('x') %}{{ l }}
{% set l = [3, 1] %}{% do l.extend([2]) %}{% do l.insert(0, 9) %}{{ l }}{{ l.pop() }}{{ l.pop(0) }}{{ l }}
{% set l = [1, 2, 1] %}{{ l.index(2) }}{{ l.count(1) }}{% do l.remove(1) %}{{ l }}{% do l.reverse() %}{{ l }}
{% set d = {} %}{% do d.update({'a': 1}) %}{% do d.update(b=2) %}{{ d }}{{ d.pop('a') }}{{ d }}
{% set d = dict(a=1, b='x') %}{{ d }}{{ d.a }}{{ d.get('c', 'none') }}{{ d.keys() | list }}{{ d.values() | list }}
{{ dict([('a', 1), ('b', 2)]) }}
{{ dict({'a': 1}, b=2) }}
{% set d = {'a': 1} %}{{ d.setdefault('b', 5) }}{{ d.setdefault('a', 7) }}{{ d }}
{% raw %}{{ not }} {% if %}{% endraw %}
{%- raw -%}  {{ x }}  {%- endraw -%}
a {% raw %} {{ x }} {% endraw %} b
a{# comment #}b
a {#- comment -#} b
a {# {{ x }} {% if %} #} b
a {%- if true %} b {%- endif %} c
a {% if true -%} b {% endif -%} c
a {{- 1 -}} b
a {{+ 1 +}} b
  {%+ if true %}x{% endif +%}  y
{{ "{{ x }}" }} {{ '{% if %}' }} {{ "}}" }} {{ '%}' }}
{% set x = '%}' %}{{ x }}
{% set x = "a}}b" %}{{ x }}
{% set d = {'a': {'b': 1}} %}{{ d.a.b }}
{{ {'a': {'b': 1}}['a']['b'] }}
{{ 1, 2 }}
{{ (1,) }}
{{ () }}
{{ (1, 'a') }}
{{ [(1, 2), (3,)] }}
{{ params.nested.items() | list }}
{{ params.nested | items | list }}
{{ params.nested | dictsort }}
{{ {'b': 1, 'A': 2, 'c': 0} | dictsort }}
{{ {'b': 1, 'A': 2, 'c': 0} | dictsort(true) }}
{{ {'b': 1, 'A': 2, 'c': 0} | dictsort(false, 'value') }}
{{ {'b': 1, 'A': 2, 'c': 0} | dictsort(reverse=true) }}
{{ {'b': 1} | dictsort(by='nothing') }}
{{ [1, 2, 3, 4, 5] | batch(2) | list }}
{{ [1, 2, 3, 4, 5] | batch(2, 'x') | list }}
{{ [1, 2, 3, 4, 5] | slice(2) | list }}
{{ [1, 2, 3, 4, 5] | slice(3) | list }}
{{ [1, 2, 3, 4, 5] | slice(3, 'x') | list }}
{{ range(7) | slice(3, 'x') | list }}
{{ [] | batch(2) | list }}
{{ range(10) | select('odd') | list }}
{{ range(10) | reject('odd') | list }}
{{ range(10) | select('divisibleby', 3) | list }}
{{ range(10) | select('>', 6) | list }}
{{ range(10) | select('in', [1, 20]) | list }}
{{ [0, 1, '', 'a', none] | select | list }}
{{ [0, 1, '', 'a', none] | reject | list }}
{{ params.rows | selectattr('v', 'equalto', 2) | map(attribute='n') | list }}
{{ params.rows | rejectattr('v', '==', 2) | map(attribute='n') | join }}
{{ params.rows | selectattr('v') | list }}
{{ params.rows | selectattr('nope', 'defined') | list }}
{{ params.rows | selectattr('v', 'gt', 1) | first }}
{{ params.rows | map(attribute='v') | sum }}
{{ params.rows | sum(attribute='v') }}
{{ params.rows | sum('v', 10) }}
{{ params.rows | map(attribute='q', default='d') | list }}
{{ [{'a': {'b': 1}}, {'a': {'b': 2}}] | map(attribute='a.b') | list }}
{{ [[1, 2], [3, 4]] | map(attribute='0') | list }}
{{ [[1, 2], [3, 4]] | map(attribute=1) | list }}
{{ params.words | map('upper') | list }}
{{ params.words | map('replace', 'b', 'z') | join(',') }}
{{ ['1', '2'] | map('int') | sum }}
{{ [1.5, 2.25] | sum }}
{{ params.words | sort }}{{ params.words | sort(case_sensitive=true) }}{{ params.words | sort(true) }}
{{ params.rows | sort(attribute='v', reverse=true) | map(attribute='n') | join }}
{{ [{'a': 1, 'b': 2}, {'a': 1, 'b': 1}, {'a': 0, 'b': 3}] | sort(attribute='a,b') | map(attribute='b') | list }}
{{ [3, 'a'] | sort }}
{{ [1, 2, 1, 3, 2] | unique | list }}
{{ ['a', 'A', 'b'] | unique | list }}{{ ['a', 'A', 'b'] | unique(true) | list }}
{{ params.rows | unique(attribute='v') | list | length }}
{{ params.rows | groupby('n') }}
{{ [{'k': 'x', 'v': 1}, {'k': 'y', 'v': 2}, {'k': 'x', 'v': 3}] | groupby('k') }}
{% for k, group in [{'k': 'x', 'v': 1}, {'k': 'y', 'v': 2}, {'k': 'x', 'v': 3}] | groupby('k') %}{{ k }}:{{ group | map(attribute='v') | join(',') }} {% endfor %}
{{ [3, 1, 2] | max }}{{ [3, 1, 2] | min }}{{ params.rows | max(attribute='v') }}
{{ [] | max | default('none') }}
{{ [] | first | default('none') }}
{{ [] | first }}
{{ [1, 2] | last }}{{ 'abc' | first }}{{ 'abc' | last }}
{{ 'abc' | reverse }}{{ [1, 2] | reverse | list }}
{{ 'abc' | list }}
{{ params.missing | d('x') }}{{ params.empty | d('y', true) }}{{ params.none | d('z') }}
{{ params.name | title }}{{ params.name | capitalize }}{{ params.name | upper | lower }}
{{ '  x ' | trim }}{{ 'xxaxx' | trim('x') }}
{{ 'a b c' | wordcount }}
{{ 'one two three four' | truncate(12) }}|{{ 'one two three four' | truncate(12, true) }}|{{ 'one two three four' | truncate(9, false, '…', 0) }}
{{ 'a b&c/d é' | urlencode }}
{{ {'a': 'x y', 'b': 2} | urlencode }}
{{ [('a', '1/2'), ('b', 'é')] | urlencode }}
{{ '3.7' | float }}{{ 'x' | float(1.5) }}{{ '42' | int }}{{ '3.9' | int }}{{ 'x' | int(7) }}{{ 3.9 | int }}
{{ 2.5 | round }}{{ 3.5 | round }}{{ 2.567 | round(2) }}{{ 2.1 | round(0, 'ceil') }}{{ 2.9 | round(method='floor') }}{{ 25 | round(-1) }}
{{ -5 | abs }}{{ -5.5 | abs }}
{{ {'b': 1, 'a': [1, 'x<y']} | tojson }}
{{ [1, {'a': none, 'b': true}] | tojson(indent=2) }}
{{ [] | tojson(indent=2) }}
{{ 'é"' | tojson }}
{{ 1000 | filesizeformat }}{{ 1 | filesizeformat }}{{ 123456789 | filesizeformat }}{{ 2048 | filesizeformat(true) }}{{ 10 | filesizeformat }}
{{ '%s-%03d' | format('a', 7) }}
{{ [1, 2] | string | length }}
{{ [1, 'a'] | pprint }}
{{ 'x' | center(9) }}|
{{ params.list | join(' + ') }}{{ params.rows | join(',', attribute='n') }}
{{ 'a,b,c'.split(',') }}{{ 'a b  c'.split() }}{{ 'a,b,c'.rsplit(',', 1) }}{{ 'a=b=c'.partition('=') }}{{ 'a=b=c'.rpartition('=') }}
{{ 'Hello'.swapcase() }}{{ 'abc'.index('c') }}{{ 'abcabc'.rfind('b') }}{{ 'x'.center(5, '*') }}{{ 'ß'.casefold() is string }}
{{ 'abc'.isalpha() }}{{ 'a1'.isalnum() }}{{ ' '.isspace() }}{{ 'a'.islower() }}{{ 'A'.isupper() }}{{ '12'.isdecimal() }}{{ '12'.isnumeric() }}
{{ 'a'.startswith(('b', 'a')) }}{{ 'abc'.endswith('bc') }}
{{ '{} and {}'.format(1, 'b') }}{{ '{1}{0}'.format('a', 'b') }}{{ '{x}'.format(x=3) }}{{ '{{}}'.format() }}
{{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}|{:x}|{:%}'.format('a', 'b', 'c', 42, 3.14159, 1234567, 255, 0.5) }}
{{ '{:*^9}'.format('mid') }}{{ '{:+d}'.format(5) is string }}
{{ '-'.join(['a', 'b']) }}{{ '-'.join([1]) }}
{{ params.uni.upper() }}{{ params.uni | length }}{{ params.uni[0] }}{{ params.uni[-1] }}
{{ 'a' if params.flag else 'b' }}{{ 'a' if not params.flag }}
{{ 'x' ~ 1 ~ none ~ true ~ 1.5 }}
{{ 7 // 2 }}{{ -7 // 2 }}{{ 7 % 3 }}{{ -7 % 3 }}{{ 2 ** 10 }}{{ 7 / 2 }}{{ 6 / 2 }}{{ 1 - -1 }}
{{ 2 ** 3 ** 2 }}{{ -2 ** 2 }}{{ 1 + 2 * 3 }}{{ (1 + 2) * 3 }}{{ 10 - 4 - 3 }}
{{ 'a' * 3 }}{{ [1] * 3 }}{{ [1] + [2] }}{{ (1,) + (2,) }}{{ 'a' + 'b' }}
{{ 'a' + 1 }}
{{ 1 + 'a' }}
{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 1 == 1.0 }}{{ '1' == 1 }}{{ [1, 2] == [1, 2] }}{{ (1,) == [1] }}{{ none == false }}{{ true == 1 }}
{{ 1 in [1, 2] }}{{ 3 not in [1, 2] }}{{ 'a' in {'a': 1} }}{{ 'b' in 'abc' }}{{ not 1 in [2] }}
{{ 1e16 }} {{ 1e-5 }} {{ 123456789.0 }} {{ 0.1 + 0.2 }} {{ 1e100 }} {{ 100000000000000000000.0 }} {{ 1e15 }}
{{ true and 'x' }}{{ false or 'y' }}{{ not none }}{{ 0 or none }}
{{ params.list[0] }}{{ params.list[-1] }}{{ params.list[1:] }}{{ params.list[:2] }}{{ params.list[::2] }}{{ params.name[2:5] }}{{ params.name[::-1] }}
{{ params.list[9] }}
{{ params.nested.a.b[1] }}{{ params['nested']['a']['b'][0] }}
{{ params.nested.q }}
{{ params.nested.q | default('d') }}
{{ params.nested.q.r | default('d') }}
{{ params.x is defined }}{{ params.q is defined }}{{ params.q is undefined }}{{ params.none is none }}{{ params.x is number }}{{ params.f is float }}{{ params.x is integer }}{{ params.name is string }}
{{ params.list is sequence }}{{ params.nested is mapping }}{{ params.list is mapping }}{{ params.name is iterable }}{{ params.flag is boolean }}{{ params.flag is true }}{{ params.flag is false }}
{{ 3 is odd }}{{ 4 is even }}{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(2) }}{{ 1 is eq 1 }}{{ 1 is ne(2) }}{{ 2 is gt 1 }}{{ 2 is in [1, 2] }}{{ 'A' is upper }}{{ 'a' is lower }}
{{ params.x is not none }}{{ 3 is not even }}{{ none is sameas none }}{{ 'upper' is filter }}{{ 'odd' is test }}{{ 'nope' is filter }}{{ range is callable }}
{{ [1, 2] is sequence and 3 is odd }}
{{ ti.xcom_pull('up') }}
{{ ti.xcom_pull(task_ids='up')['rows'] }}{{ ti.xcom_pull(task_ids='up').ids | join(',') }}
{{ ti.xcom_pull(task_ids='up', key='n') + 1 }}
{{ ti.xcom_pull(task_ids=['up', 'other']) }}
{{ ti.xcom_pull(task_ids='nobody') }}{{ ti.xcom_pull(task_ids='nobody', default='d') }}
{% for id in ti.xcom_pull(task_ids='up').ids %}{{ id }};{% endfor %}
{{ conn.db.host }}:{{ conn.db.port }}/{{ conn.db.schema }} {{ conn.db.login }} {{ conn.db.conn_type }} {{ conn.db.extra_dejson.sslmode }}
{{ conn.nope.host }}
{{ dag_run.conf.n }}{{ dag_run.conf['a'] }}{{ dag_run.conf.get('q', 'd') }}{{ dag_run.conf.q is defined }}
{% for k, v in dag_run.conf.items() %}{{ k }}{{ v }}{% endfor %}
{{ macros.ds_add(ds, -1) }}{{ macros.json.dumps({'a': [1]}) }}{{ macros.json.loads('[1, 2]')[1] }}{{ macros.json.dumps({'b': 1, 'a': 2}, indent=1, sort_keys=true) }}
{{ (data_interval_end - data_interval_start).total_seconds() | int }}{{ [macros.timedelta(days=1)] }}
{{ (logical_date + macros.timedelta(hours=2)) | ds }}
{% set since = logical_date - macros.timedelta(days=7) %}{{ since | ds }}
{% for day in range(3) %}{{ macros.ds_add(ds, day) }} {% endfor %}
SELECT {% for c in ['a', 'b'] %}{{ c }}{% if not loop.last %}, {% endif %}{% endfor %} FROM t{% if params.x > 3 %} WHERE x > {{ params.x }}{% endif %};
{% if
{% if %}x{% endif %}
{% if params.x %}x
{% for %}{% endfor %}
{% for i params.list %}{% endfor %}
{% for i in params.list %}
{% endfor %}
{% endif %}
{% else %}
{% elif x %}
{% set %}
{% set 1 = 2 %}
{% set x = %}
{% set x = 1 2 %}
{% set true = 1 %}
{% for loop in [1] %}{% endfor %}
{% unknown %}
{% include 'x' %}
{% if true %}{% for i in [1] %}{% endif %}{% endfor %}
{{ range(1000000) }}
{{ 'abc'._private }}
{{ x }}{% set x = 1 %}
{{ 5() }}
{{ params.x.y }}
{{ loop }}
{{ loop.index }}
{% for i in [1] %}{{ loop.nope }}{% endfor %}
{% for i in [1] %}{{ i | nofilter }}{% endfor %}
{% for i in [1] %}{{ i is notest }}{% endfor %}
{% set d = {'x': []} %}{% do d.x.append(1) %}{% do d['x'].append(2) %}{{ d }}
{% set r = [[], []] %}{% do r[0].append(1) %}{{ r }}
{% set d = {} %}{% for r in params.rows %}{% do d.setdefault(r.n, []).append(r.v) %}{% endfor %}{{ d }}
{% set a = [1] %}{% set b = a %}{% do b.append(2) %}{{ a }}
{% set a = [1] %}{% set b = [a, a] %}{% do a.append(2) %}{{ b }}
{% do params.list.append(4) %}{{ params.list }}{% do params.list.pop() %}
{% set rows = [{'n': 1}] %}{% for r in rows %}{% do r.update({'w': 2}) %}{% endfor %}{{ rows }}
{% set l = [3, 1] %}{% for x in l %}{% if loop.index < 3 %}{% do l.append(x) %}{% endif %}{{ x }}{% endfor %}{{ l }}
{% set d = {'a': 1} %}{% for k in d %}{% do d.update({'b': 2}) %}{% endfor %}
{% set l = [3, 1, 2] %}{% do l.sort() %}{{ l }}{% do l.sort(reverse=true) %}{{ l }}
{% set d = {'a': 1} %}{{ d.popitem() }}{{ d }}{% do d.clear() %}
{% set y = params.q %}{{ y | default('d') }}
{% set y = params.q %}{{ y }}
{{ params.q is none }}{{ params.q is string }}{{ params.q is mapping }}{{ params.q is number }}
{{ [params.q] }} {{ [params.q] | length }} {{ dict(a=params.q) | length }}
{{ params.q == 1 }}
{{ (none or params.q) | default('d') }}
{{ ('a' if params.none) | default('dd') }} {{ ('a' if params.none) is defined }}|{{ 'a' if params.none }}|
{{ ('a' if params.none) + 'b' }}
{{ ('a' if params.none).x | default('d') }}
{{ '<' | e | e }} {{ ('<' | safe) | e }} {{ ('<' | e) + '<' }} {{ ['<' | e] }} {{ ('<' | e) ~ '<' }} {{ '<' | e | upper | e }}
{{ ('%s' | safe) % '<' }} {{ 'x' | e is escaped }} {{ params.rows | tojson | e }} {{ '<' | forceescape | forceescape }}
{{ '<p>a <b>b</b>  c</p><!-- x --> &lt;x&gt; &amp;&#65;&#x42; &copy &nbsp;' | striptags }}
{{ 9999999999999998.0 }} {{ 1e16 }} {{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }}
{{ ['\u200b', '\ue000', '\xa0', '\u2028', '\xad', '\U000e0001', 'é'] }}
{{ range(3) }} {{ range(1, 9, 2) }} {{ {'a': 1}.keys() }} {{ {'a': 1}.items() }} {{ {'a': 1}.values() }}
{{ {'b': 1, 'a': [1, {'d': 1, 'c': 2}]} | pprint }}
{{ {'alpha': ['one' * 9, 'two' * 9, 'three' * 9], 'beta': {'k': 'v' * 30, 'l': 'w' * 40}, 'gamma': (1, 2)} | pprint }}
{{ '0b11' | int(0, 2) }} {{ '0o17' | int(0, 8) }} {{ '0x1f' | int(0, 16) }} {{ '１２' | int }} {{ '0x10' | float }} {{ '1_0' | int }} {{ '1__0' | int }} {{ '.5' | float }} {{ '5.' | float }} {{ '017' | int }}
{{ 0 ** -1 }}
{{ 1__0 }}
{{ 007 }}
{{ [1] | first(1) }}
{{ [[1], [1]] | unique | list }}
{{ {[1]: 2} }}
{{ params.rows | groupby('n') | map(attribute='grouper') | list }}{% for g in params.rows | groupby('n') %}{{ g.grouper }}={{ g.list | length }}{% endfor %}
{% set g = params.list | map('string') %}{{ g | join }}{{ g | join }}
{{ params.list | map('string') | length }}
{{ (params.list | reverse | list)[0] }} {{ params.list | select('odd') | first }}
{{ '%x|%X|%o|%e|%g|%+d|% d|%c|%r|%5.1f|%-5d|%05d|%i|%%' % (255, 255, 8, 12345.678, 0.0001, 5, 5, 'c', 'd', 2.25, 3, -7, 7) }}
{{ '%(n)d and %(s)s' % {'n': 5, 's': 'x'} }} {{ '%(a).2f' | format(a=1.005) }} {{ '%*d' % (5, 3) }} {{ '%.3s' % 'abcdef' }}
{{ '%(n)d' % {'m': 1} }}
{{ '%d' % 'x' }}
{{ '{!r}|{!s:>4}|{0[0]}|{a.year}|{:>{w}}'.format('a', 'b', a=logical_date, w=4) }}
{{ '{!r}|{!s:>4}|{:>{w}}'.format('a', 'b', 'c', w=4) }} {{ '{0[0]}{a.year}{b[k]}'.format([5], a=logical_date, b={'k': 1}) }}
{{ '{:e}|{:g}|{:n}|{:_}|{:=+6}|{:.3}|{:.3}|{:08.2f}|{:,}|{:010,}|{:b}|{:x}|{:c}|{:.1%}|{: d}'.format(12345.678, 0.00001, 2, 1000, 5, 3.14159, 'abcdef', 3.14159, 1234567, 1234, 5, 255, 65, 0.256, 5) }}
{{ '{:.3}|{:.3}|{:.1}|{:.2}|{}|{:5}|{:<5}|'.format(1234.5, 100.0, 5.0, 10.0, 1e16, true, 2.5) }}
{{ logical_date - data_interval_start }} {{ (data_interval_start - data_interval_end) }}
{{ (data_interval_start - data_interval_end).days }} {{ (data_interval_start - data_interval_end).seconds }} {{ (data_interval_start - data_interval_end).total_seconds() }} {{ (data_interval_end - data_interval_start).in_minutes() }} {{ (data_interval_end - data_interval_start).hours }} {{ (data_interval_end - data_interval_start).total_minutes() }}
{{ (data_interval_end - data_interval_start) / 2 }} {{ (data_interval_end - data_interval_start) * 50 }} {{ [(data_interval_end - data_interval_start) * 50] }} {{ -(data_interval_end - data_interval_start) }}
{{ (data_interval_end - data_interval_start) / macros.timedelta(minutes=1) }}
{{ macros.timedelta(hours=5) / macros.timedelta(hours=2) }} {{ macros.timedelta(hours=5) % macros.timedelta(hours=2) }} {{ macros.timedelta(hours=5) // 2 }} {{ 3 * macros.timedelta(hours=1) }} {{ macros.timedelta(hours=1) / 2 }}
{{ logical_date < macros.datetime(2026, 1, 1) }}
{{ logical_date - macros.datetime(2026, 1, 1) }}
{{ logical_date == macros.datetime(2026, 1, 31, 23, 5, 9) }}
{{ [logical_date, macros.datetime(2024, 1, 1), logical_date.date(), macros.datetime(2024, 1, 1).date()] }}
{{ macros.datetime(2024, 3, 1) - macros.datetime(2024, 2, 1) }} {{ logical_date.date() - data_interval_end.date() }}
{{ logical_date.format('Do Mo Qo DDDo do wo LL LLLL L LT LTS dd [at] a zz E') }}
{{ logical_date.strftime('%P %_d %^a %-H') }}
{{ logical_date.isocalendar() }} {{ logical_date.isocalendar()[1] }} {{ logical_date.isocalendar().week }} {{ logical_date.offset }} {{ logical_date.utcoffset() }} {{ logical_date.week_of_month }} {{ logical_date.is_leap_year() }} {{ logical_date.toordinal() }} {{ logical_date.ctime() }}
{{ logical_date.set(day=3) }} {{ logical_date.at(3) }} {{ logical_date.on(2024, 1, 2) }} {{ logical_date.first_of('month') }} {{ logical_date.last_of('quarter') }} {{ logical_date.naive() }} {{ logical_date.replace(tzinfo=none) }} {{ logical_date.start_of('decade') }}
{{ logical_date.to_rfc3339_string() }} {{ logical_date.to_day_datetime_string() }} {{ logical_date.to_formatted_date_string() }} {{ logical_date.to_rfc2822_string() }} {{ logical_date.isoformat(timespec='minutes') }} {{ logical_date.isoformat(sep=' ', timespec='milliseconds') }}
{{ logical_date.diff(data_interval_end).in_minutes() }} {{ data_interval_end.diff(logical_date) }} {{ data_interval_end.diff(logical_date, false) }} {{ logical_date.diff(data_interval_end, false) }}
{{ logical_date.in_timezone('Asia/Seoul').offset }} {{ [logical_date.in_timezone('Asia/Seoul')] }} {{ logical_date.in_timezone('Asia/Seoul').format('z zz Z') }}
{{ macros.datetime.fromisoformat('20240102') }} {{ macros.datetime.fromisoformat('20240102T030405') }} {{ macros.datetime.min }} {{ macros.datetime.max }}
{{ macros.datetime(2024, 1, 1).add(days=1) }}
{{ macros.json.dumps([1, {'a': 'é'}], separators=(',', ':'), ensure_ascii=false) }} {{ macros.json.loads('{"b": 2.0, "a": 1e2}') }}
{{ 5.5 is odd }} {{ 4.0 is even }} {{ 5 is sameas 5.0 }} {{ [] is sameas [] }} {{ none is sameas none }} {{ 5 | urlencode }} {{ 'abc' | replace('', '-') }} {{ 'abc'.replace('', '-', 2) }} {{ 'abc'.startswith('b', 1) }} {{ 'A B'.istitle() }} {{ 'abcabc'.find('a', 1) }}
{{ {'items': 1}.items() | list }} {{ {'items': 1}['items'] }} {{ {'a': 1} | attr('a') is defined }} {{ {'a': 1}['keys']() | list }}
{{ -7.5 % 2 }} {{ 7 % -3.5 }} {{ 1e16 % 3 }} {{ 5.5 // 2 }}
{{ {'a': 1}.keys()[0] | default('none') }}
{{ macros.timedelta(hours=1).hours }}
{{ macros.timedelta(hours=-1).days }} {{ macros.timedelta(hours=-1) }} {{ (macros.timedelta(hours=1) - (data_interval_start - data_interval_end)) }}
{{ 'a' in {'a': 1}.keys() }} {{ {'a': 1}.keys() | list == ['a'] }} {{ {'a': 1}.items() == [('a', 1)] }} {{ range(2) == [0, 1] }} {{ (0, 1) == [0, 1] }}
{{ params.d.items() | list + [1] }}
{{ [1, 2] | map('string') + [3] }}
{{ ('<' | e).split(';') }} {{ ('&' | e).upper() }}
{{ ('<' | e) * 2 }} {{ ('<a' | e)[1:] | e }} {{ ('a<' | e) == 'a&lt;' }} {{ ('x' | e) in ['x'] }} {{ {'x' | e: 1}['x'] }} {{ ('b' | e) < 'c' }}
{{ ('%d' | e) % 5 }} {{ '%s' % ('<' | e) }} {{ '%s<' % ('<' | e) | e }} {{ '{}'.format('<' | e) }}
{{ [('a' | e), 'b'] | join(',') | e }} {{ ('a' | e) | replace('a', '<') | e }} {{ ('<' | e) | trim | e }} {{ ('<' | e) | title | e }} {{ ('<' | e) | string | e }} {{ ('<' | e) | list | first | e }} {{ ('<' | e) | length }} {{ ('<x' | e) | reverse | e }}
{{ ('a b' | e) | wordcount }} {{ ('a b' | e) | urlencode }} {{ ('5' | e) | int + 1 }} {{ ('5' | e) | float }} {{ ('abc' | e) | tojson }} {{ 'upper' | e is filter }} {{ ('a' | e) is string }} {{ ('a' | e) is lower }}
{% set x %}<b>{% endset %}{{ x | e }}
{% for c in ('<' | e) %}[{{ c | e }}]{% endfor %}
{% filter e %}<{% endfilter %}
{% filter e | e %}<{% endfilter %}
{{ macros.json.loads('{"b": 1, "a": {"z": 1, "y": 2}}') }}
{{ logical_date in [logical_date] }} {{ {logical_date: 1}[logical_date] }}
{{ [logical_date, data_interval_start] | sort | first }} {{ [macros.datetime(2024,1,1), logical_date] | sort }}
{{ [3, 1] | sort | first }} {{ [3, 1] | unique | list }} {{ [[1, 2], [3]] | map('length') | list }} {{ [1,2,3] | batch(2) | first }}
{{ [3, 1, 2] | batch(2) | map('first') | list }} {{ 'abc' | reverse }} {{ (1, 2) | reverse | list }}
{{ params.list | sum }} {{ range(3) | sum }} {{ {'a': 1}.values() | sum }} {{ {'a': 1}.values() | list | first }} {{ {'a': 1}.values() | length }} {{ {'a': 1, 'b': 2}.keys() | join }} {{ {'a': 1}.keys() | tojson }}
{{ range(3) | tojson }}
{{ range(3) | length }} {{ range(3) | first }} {{ range(3) | last }} {{ range(3)[-1] }} {{ range(3) is sequence }} {{ range(3) is iterable }} {{ {}.keys() is sequence }} {{ range(3) | reverse | list }} {{ 5 in range(9) }}
{% set d = params.d %}{% do d.update(z=1) %}{{ params.d }}
{% set ns = namespace(d={}) %}{% do ns.d.setdefault('a', []).append(1) %}{{ ns.d }}
{% set x = [1, 2] %}{% set y = x[:] %}{% do y.append(3) %}{{ x }}{{ y }}{% set z = x.copy() %}{% do z.append(4) %}{{ x }}{% set w = x + [] %}{% do w.append(4) %}{{ x }}{% set v = x | list %}{% do v.append(5) %}{{ x }}
{% set x = [[]] * 3 %}{% do x[0].append(1) %}{{ x }}
{% set t = ([], 1) %}{% do t[0].append(1) %}{{ t }}
{% for r in [[1], [2]] %}{% do r.append(0) %}{{ r }}{% endfor %}
{{ [1, 2, 3].pop() }} {{ [3, 1].sort() }} {{ {'a': 1}.pop('a') }} {{ {'a': 1}.get('b') }}
{% set l = [1] %}{% set m = l.append %}{% do m(2) %}{{ l }}
{{ 1.0 // 0 }}
{{ 1e308 * 10 }} {{ 2 ** 0.5 }} {{ 2.0 ** 3 }} {{ (-2) ** 3.0 }} {{ -7 // 2.0 }} {{ 0.0 ** 0 }} {{ 10 ** -2 }}
{{ 10.0 ** 400 }}
{{ 5 is divisibleby 2.5 }} {{ 4.5 is divisibleby 1.5 }} {{ true is odd }}
{{ '%5s|%-5s|%05d|%+05d|%.0f|%g|%g|%G|%E' % ('a', 'b', -3, 3, 2.5, 1e20, 100000.0, 1e-10, 1.5) }}
{{ '%s %s' % (1,) }}
{{ '%s' % (1, 2) }}
{{ '%s' % [1, 2] }} {{ '%s' % {'a': 1} }} {{ 'x' % {} }} {{ '%%' % () }}
{{ 'x' % 5 }}
{{ '%d' % 3.99 }} {{ '%d' % -3.99 }} {{ '%x' % 255 }} {{ '%x' % -255 }} {{ '%5.3d' % 7 }} {{ '%o' % 8 }}
{{ '%x' % 1.5 }}
{{ '{:d}'.format(1.5) }}
{{ '{:s}'.format(5) }}
{{ '{:>5}'.format([1]) }}
{{ '{:5}|{:5}|{:,.1f}|{:+.1f}|{:e}|{:.0f}|{:g}|{:G}'.format(1.5, 'a', 12345.67, 1.25, 0.0, 2.5, 1e10, 1e-10) }}
{{ '{} {} {}'.format(1, 'a', none) }} {{ '{0} {0}'.format(1) }} {{ '{}'.format([1, 'a']) }} {{ '{!r}'.format('é') }} {{ '{{{}}}'.format(1) }}
{{ '{} {0}'.format(1) }}
{{ '{'.format() }}
{{ '{a[b]} {a[c][0]}'.format(a={'b': 1, 'c': [2]}) }}
{{ '{:%Y-%m-%d}'.format(logical_date) }} {{ '{:%H}'.format(macros.datetime(2024, 1, 1, 5)) }}
{{ (data_interval_end - data_interval_start).in_seconds() }} {{ (data_interval_end - data_interval_start).minutes }} {{ (data_interval_end - data_interval_start).start }} {{ ((data_interval_end - data_interval_start) * 1).in_words() }} {{ (data_interval_end - data_interval_start).as_timedelta() }} {{ (data_interval_end - data_interval_start).as_duration() }} {{ (data_interval_end - data_interval_start).remaining_seconds }}
{{ (data_interval_end - data_interval_start) + macros.timedelta(days=8) }} {{ (data_interval_end - data_interval_start) // 7 }} {{ ((data_interval_end - data_interval_start) * 1.5) }} {{ (data_interval_end - data_interval_start) == macros.timedelta(hours=1) }} {{ (data_interval_end - data_interval_start) > macros.timedelta(minutes=1) }}
{{ (logical_date - logical_date) * 1 }} {{ logical_date - logical_date }} {{ (logical_date - logical_date) | string | length }} {{ 'y' if logical_date - logical_date else 'n' }}
{{ logical_date + (data_interval_end - data_interval_start) }} {{ logical_date - (data_interval_end - data_interval_start) }}
{{ logical_date.date() + macros.timedelta(days=1) }} {{ logical_date.date().add(days=1) }} {{ logical_date.date().format('YYYY') }} {{ logical_date.date() < logical_date.add(days=1).date() }} {{ logical_date.date().start_of('month') }} {{ logical_date.date().end_of('month') }} {{ logical_date.date().replace(day=3) }}
{{ logical_date.date() == logical_date }}
{{ logical_date.date() < logical_date }}
{{ logical_date.date().hour }}
{{ logical_date | ds }} {{ (logical_date - macros.timedelta(days=1)) | ts }} {{ macros.datetime(2024, 1, 1) | ts }} {{ macros.datetime(2024,1,1) | ts_nodash_with_tz }}
{{ logical_date.format('[Q] Q [[x] \\Y YYYY') }} {{ logical_date.format('YYYY MMM D, h:mm:ss.SSS A ZZ') }} {{ logical_date.format('dddd ddd dd d D DD DDD e eo ww W gg GG k kk SSSSSSS EE') }}
{{ logical_date.strftime('%_H|%_m|%-m|%0e|%e|%_e|%^B|%^p|%P|%U|%C|%y|%-y|%_j') }}
{{ ['a' * 90] | pprint }} {{ [1, [2, 3]] | pprint }} {{ {2: 'a', 1: 'b'} | pprint }} {{ ('a',) | pprint }} {{ [] | pprint }}
{{ range(40) | list | pprint }}
{{ {'key': range(40) | list, 'b': {'c': ['x' * 20, 'y' * 20, 'z' * 20, 'w' * 30]}} | pprint }}
{{ '０x1f' | int(0, 16) }} {{ '٣' | int }} {{ '1_000.5' | float }} {{ '1e5' | int }} {{ '1e-5' | float }} {{ '-0x1f' | int(0, 16) }} {{ '0x1f' | int(0, 0) }} {{ '010' | int(7, 0) }} {{ 'ff' | int(0, 16) }} {{ '+ 5' | int }} {{ '- 5' | int(3) }} {{ 'infinity' | float }} {{ 'nan' | int(4) }} {{ '' | float(2.5) }} {{ 3.99 | int }} {{ none | float(1.0) }} {{ [] | int(2) }} {{ '1.' | int }} {{ '.' | float(9) }}
{{ 'inf' | int }}
'''


def templates():
    """One a line, and those of several lines."""
    several = [
        "a\n{%- for i in [1, 2] %}\n  {{ i }}\n{%- endfor %}\nz", "a\n{% for i in [1, 2] -%}\n  {{ i }}\n{% endfor -%}\nz",
        "a\n  {% if true %}\n  b\n  {% endif %}\nc", "{% if true %}\na\n{% endif %}\n", "{{ 'a' -}}\n   b",
        "{% filter indent(2) %}a\nb{% endfilter %}", "{{ '<p>a  <b>b</b>\n c</p>' | striptags }}",
        "{{ 'a\nb' | indent }}{{ 'a\nb' | indent(2, true) }}", "{{ 'a\n\nb' | indent(2, blank=true) }}",
        "{% for row in params.rows %}INSERT INTO t VALUES ('{{ row.n }}', {{ row.v }}){{ ';' if loop.last else ',' }}\n{% endfor %}",
        "x\r\ny{% if true %}\r\nz{% endif %}\r\n", "a\n\n", "{# a\nb #}c\n", "{%- if true -%}\n\n  a\n\n{%- endif -%}\n\n b",
        "{% set x -%}\n  a\n{%- endset %}[{{ x }}]", "{% raw -%}\n a {{ b }}\n{%- endraw %}\nc",
        "{% for i in [1, 2]\n   if i > 1 %}{{ i }}{% endfor %}", "{{\n 1 +\n 2 }}",
        "{%- set l = [] -%}\n{%- for r in params.rows -%}\n  {%- if r.v is odd -%}\n    {%- do l.append(r.n) -%}\n  {%- endif -%}\n{%- endfor -%}\n{{ l | join(', ') }}\n",
    ]
    yield from TEMPLATES.strip("\n").split("\n")
    yield from several


seen = set()
for template in templates():
    if template in seen:
        continue
    seen.add(template)
    try:
        vector = {"template": template, "text": ENVIRONMENT.from_string(template).render(**CONTEXT, params=copy.deepcopy(PARAMS))}
    except Exception as error:
        vector = {"template": template, "error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(vector, ensure_ascii=False) + "\n")
