import { expect, test } from 'vitest'
import { TemplateError, templateOf } from './template.ts'

const input = {
  labels: new Map([
    ['app', 'web'],
    ['ms', '250'],
    ['path', '/api/items?q=a%20b'],
  ]),
  line: '{"tags":["a","b"],"user":{"name":"x"}}',
  time: 1_700_000_000_123_000_000n,
  now: 1_700_000_100_000_000_000n,
}

test.each([
  ['plain', 'plain'],
  ['{{.app}}-{{ .nosuch }}|', 'web-|'],
  ['{{ .app | upper | printf "%-5s|" }}', 'WEB  |'],
  ['a {{- /* nothing */ -}} b', 'ab'],
  ['{{ if eq .app "db" }}1{{ else if gt (int .ms) 200 }}2{{ else }}3{{ end }}', '2'],
  ['{{ with .nosuch }}{{ . }}{{ else }}none{{ end }}', 'none'],
  ['{{ $x := add .ms 1 }}{{ $x }} {{ div 7 2 }} {{ mod 7 4 }} {{ divf 7 2 }}', '251 3 3 3.5'],
  ['{{ range $i, $tag := (fromJson __line__).tags }}{{ $i }}={{ $tag }} {{ end }}', '0=a 1=b '],
  ['{{ (fromJson __line__).user.name }}', 'x'],
  ['{{ replace "/" "_" .path }} {{ trunc 4 .path }} {{ substr 1 4 .path }}', '_api_items?q=a%20b /api api'],
  ['{{ regexReplaceAll "(a)(p)" .path "${2}${1}" }}', '/pai/items?q=a%20b'],
  ['{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00" }}', '2023-11-14T22:13:20.123Z'],
  ['{{ toDate "2006-01-02" "2023-11-14" | unixEpoch }}', '1699920000'],
  ['{{ 1.5 }} {{ 1234567.0 }} {{ 0.00001 }} {{ true }} {{ not true }}', '1.5 1.234567e+06 1e-05 true false'],
  ['{{ "2026-11-27T00:00:00Z" | toDateInZone "2006-01-02T15:04:05Z" "UTC" | unixEpochMillis }}', '1795737600000'],
  ['{{ "2026-11-27 12:00" | toDateInZone "2006-01-02 15:04" "Europe/Berlin" | unixEpoch }}', '1795777200'],
  ['{{ now | unixEpoch }}', '1700000100'],
  ['{{ round 1.23 1 0.2 }} {{ round 1.23 1 }}', '1.3 1.2'],
  ['{{ addf 1.5 1.5 | subf 5 1.5 | mulf 10.5 | divf 20.2 }} {{ addf 0.1 0.2 }}', '3.8476190476190477 0.3'],
  ['{{ and .app .nosuch }}|{{ or .nosuch .app }}', '|web'],
])('%s is %s', (template, expected) => {
  expect(templateOf(template).render(input)).toBe(expected)
})

test.each(['{{ .app', '{{ if .app }}', '{{ end }}', '{{ .app | }}', '{{ ( .app }}', '{{ "a }}', '{{ # }}'])(
  '%s is a syntax error',
  (template) => {
    expect(() => templateOf(template)).toThrow(/template:/)
  },
)

test('a function outside the subset is named, and so is one of the prototype', () => {
  expect(() => templateOf('{{ env "HOME" }}')).toThrow('The template function env is not supported')
  expect(() => templateOf('{{ constructor }}')).toThrow('The template function constructor is not supported')
})

test.each([
  '{{ div 1 0 }}',
  '{{ divf 1 0 }}',
  '{{ toDateInZone "2006" "Mars/One" "2026" }}',
  '{{ duration .app }}',
  '{{ lt 1 "a" }}',
  '{{ repeat 9999999 .path }}',
  '{{ index .app 1 }}',
])('%s cannot be rendered', (template) => {
  expect(() => templateOf(template).render(input)).toThrow(TemplateError)
})
