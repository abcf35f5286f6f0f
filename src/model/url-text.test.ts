import { expect, test } from 'vitest'
import { withoutSecretsOf, withoutUrlSecrets } from './url-text.ts'

test.each([
  ['https://hook.example:8443/in/a?sig=SECRET&x=1', 'https://hook.example:8443/in/a'],
  ['nats://user:SECRET@one:4222,nats://me:SECRET@two:4222', 'nats://one:4222,nats://two:4222'],
  ['amqps://SECRET@bus/vhost#SECRET', 'amqps://bus/vhost'],
  ['https://h/a,b?sig=SECRET,more', 'https://h/a,b'],
  [
    'fetch of "https://h/x?sig=SECRET" failed: connect ECONNREFUSED 10.0.0.1:80',
    'fetch of "https://h/x" failed: connect ECONNREFUSED 10.0.0.1:80',
  ],
  [
    'neo4j+s://u:SE%40CRET@g:7687: no (see https://docs.example/a?b)',
    'neo4j+s://g:7687: no (see https://docs.example/a)',
  ],
  ['bolt://[::1]:7687/?SECRET', 'bolt://[::1]:7687/'],
  ['https://h/in?sig=SECRET: HTTP 503', 'https://h/in: HTTP 503'],
  ['nothing here? no', 'nothing here? no'],
])('%s is printed as %s', (text, printed) => {
  expect(withoutUrlSecrets(text)).toBe(printed)
})

test('a query that a server repeats without its URL is removed', () => {
  expect(withoutSecretsOf('https://h/in?sig=a%20b', 'HTTP 404: Cannot POST /in?sig=a%20b, nor ?sig=a b')).toBe(
    'HTTP 404: Cannot POST /in, nor ',
  )
})
