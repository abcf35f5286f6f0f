import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { Lane } from '../../../../../src/api/published.ts'
import { CostOf } from './cost.tsx'

const [of, at] = ['k8s:c1/apps/Deployment/shop/web', '2026-11-20T12:00:00Z']

function shown(lane: Lane): string {
  const client = new QueryClient()
  client.setQueryData(['investigate', 'cost', of, at], lane)
  const page = (
    <QueryClientProvider client={client}>
      <CostOf of={of} at={at} />
    </QueryClientProvider>
  )
  return renderToStaticMarkup(page)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

test('costs of an object are the sums of the server by object and currency, and those of all others', () => {
  const lane: Lane = { name: 'cost', state: 'shown', note: 'Costs of machines are not divided.', total: 900, items: [] }
  const sums = [
    { object: 'resource i1', currency: 'EUR', amount: '4.305' },
    { object: 'namespace shop', currency: 'CHF', amount: '1.5' },
    { object: null, currency: 'EUR', amount: '0.0500000001' },
  ]
  expect(shown({ ...lane, sums })).toBe(
    'Cost of 30 days resource i1 €4.31 namespace shop CHF 1.50 others €0.05 Costs of machines are not divided.',
  )
  expect(shown({ ...lane, state: 'empty', sums: [] })).toBe('')
})
