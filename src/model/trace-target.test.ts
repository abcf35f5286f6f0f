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

test('a jaeger URL is sent as OTLP to the same host, with a warning', () => {
  expect(traceTarget('jaeger://jaeger:6831')).toEqual({
    is: 'otlp',
    url: 'http://jaeger:4318/v1/traces',
    warning: expect.stringMatching(/Jaeger 2 has no agent, .* http:\/\/jaeger:4318/) as string,
  })
})

test('noop:// sends nothing', () => {
  expect(traceTarget('noop://')).toEqual({ is: 'off' })
})

test.each([
  ['statsd://x', /must begin with otlp:\/\//],
  ['collector:4318', /is no URL for traces/],
  ['otlp://', /has no host/],
  ['otlp://host:99999', /has no host/],
  ['otlp://me:secret@host', /`otlp:\/\/host` contains a password/],
])('%s is rejected with a message', (written, message) => {
  expect(traceTarget(written)).toEqual({ is: 'problem', message: expect.stringMatching(message) as string })
})
