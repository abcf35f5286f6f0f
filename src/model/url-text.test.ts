import { expect, test } from 'vitest'
import { urlCleaner, withoutSecretsOf, withoutUrlSecrets } from './url-text.ts'

test.each([
  ['https://hook.example:8443/in/SECRET?sig=SECRET&x=1', 'https://hook.example:8443'],
  ['nats://user:SECRET@one:4222,nats://me:SECRET@two:4222', 'nats://one:4222,nats://two:4222'],
  ['nats://user:SECRET@one:4222,two:4222/SECRET', 'nats://one:4222,two:4222'],
  ['amqps://SECRET@bus/vhost#SECRET', 'amqps://bus'],
  ['https://h/a,b?sig=SECRET,more', 'https://h'],
  ["posting to 'https://h/a'SECRET/b' failed", "posting to 'https://h' failed"],
  [
    'fetch of "https://h/x?sig=SECRET" failed: ECONNREFUSED 10.0.0.1:80',
    'fetch of "https://h" failed: ECONNREFUSED 10.0.0.1:80',
  ],
  [
    'neo4j+s://u:SE%40CRET@g:7687: no (see https://docs.example/a?b)',
    'neo4j+s://g:7687: no (see https://docs.example)',
  ],
  ['bolt://[::1]:7687/?SECRET', 'bolt://[::1]:7687'],
  ['https://h/in?sig=SECRET: HTTP 503', 'https://h: HTTP 503'],
  ['https://user:SECRET/1@h/x', 'https://***'],
  ['https://h?SECRET', 'https://h'],
  [
    's3://bucket/folder/part.parquet?x=SECRET, file:///var/lib/weir',
    's3://bucket/folder/part.parquet, file:///var/lib/weir',
  ],
  ['nothing here? no', 'nothing here? no'],
])('%s is printed as %s', (text, printed) => {
  expect(withoutUrlSecrets(text)).toBe(printed)
})

test('a path and a query that a server repeats without the URL are hidden', () => {
  expect(withoutSecretsOf('https://h/in?sig=a%20b', 'HTTP 404: Cannot POST /in?sig=a%20b, nor ?sig=a b')).toBe(
    'HTTP 404: Cannot POST /***, nor ',
  )
})

test('an opaque part of a path is hidden where a server repeats it alone, and words of the path are not', () => {
  const url = 'https://hooks.example/services/T0A1B2C3/xoxSecretOf2026value'
  expect(withoutSecretsOf(url, 'no team T0A1B2C3: xoxSecretOf2026value is not one of the services')).toBe(
    'no team ***: *** is not one of the services',
  )
})

test('every URL in the settings of a component is hidden', () => {
  const clean = urlCleaner({ url: 'https://h/SECRET1234', more: [{ target: 'ws://i/SECRET5678' }], path: '/var/lib' })
  expect(clean('404 /SECRET1234, 404 /SECRET5678, no /var/lib')).toBe('404 /***, 404 /***, no /var/lib')
})
