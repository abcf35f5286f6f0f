import { expect, test } from 'vitest'
import { traceTarget } from './trace-target.ts'

test.each([
  ['otlp://collector', 'otlp', 'http://collector:4318/v1/traces'],
  ['otlp://collector:80', 'otlp', 'http://collector/v1/traces'],
  ['otlp://collector:5318/own/path', 'otlp', 'http://collector:5318/own/path'],
  ['otlps://collector', 'otlp', 'https://collector:4318/v1/traces'],
  ['otlps://collector:443', 'otlp', 'https://collector/v1/traces'],
  ['otlp://[::1]:4318', 'otlp', 'http://[::1]:4318/v1/traces'],
  ['http://collector:4318/v1/traces', 'otlp', 'http://collector:4318/v1/traces'],
  ['https://traces.example', 'otlp', 'https://traces.example/v1/traces'],
  ['zipkin://zipkin:9411/api/v2/spans', 'zipkin', 'http://zipkin:9411/api/v2/spans'],
  ['zipkin://zipkin:9411', 'zipkin', 'http://zipkin:9411/api/v2/spans'],
  ['https://zipkin.example/in/api/v2/spans', 'zipkin', 'https://zipkin.example/in/api/v2/spans'],
])('%s is %s at %s', (written, is, url) => {
  expect(traceTarget(written)).toEqual({ is, url })
})

test('the agent of Jaeger is gone: its host is spoken to by OTLP, and that is said', () => {
  expect(traceTarget('jaeger://jaeger:6831')).toEqual({
    is: 'otlp',
    url: 'http://jaeger:4318/v1/traces',
    warning: expect.stringMatching(/gone with Jaeger 2: .* http:\/\/jaeger:4318/) as string,
  })
})

test('noop:// sends nothing', () => {
  expect(traceTarget('noop://')).toEqual({ is: 'off' })
})

test.each([
  ['statsd://x', /may begin with otlp:\/\//],
  ['collector:4318', /is no URL for traces/],
  ['otlp://', /names no host/],
  ['otlp://host:99999', /names no host/],
  ['otlp://me:secret@host', /`otlp:\/\/\*\*\*@host` holds a login/],
])('%s is a problem in words', (written, message) => {
  expect(traceTarget(written)).toEqual({ is: 'problem', message: expect.stringMatching(message) as string })
})
