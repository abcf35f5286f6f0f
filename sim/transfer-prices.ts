/** Prices of the shop's cloud, which does not exist. */
export const transferPrices = `
name: Prices of the demo
date: 2026-11-01
provider: exoscale
currency: CHF
unit: GB
zone_region: '^(.*)[a-z]$'
prices:
  - { kind: cross_zone, price: '0.02', note: 'Both directions of the same byte' }
  - { kind: ingress, price: '0' }
  - { kind: egress, price: '0.09' }
invoice:
  - { kind: egress, pattern: '(?i)outbound traffic' }
`
