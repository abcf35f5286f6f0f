import type { PriceList } from '../price-list.ts'
import { aws } from './aws-2026-07-01.ts'
import { digitalocean } from './digitalocean-2025-05-07.ts'
import { exoscale } from './exoscale-2026-09-20.ts'
import { otc } from './otc-2026-11-30.ts'

import type { listNames } from './names.ts'

/** Each price names its source. A price without a published source is absent. */
export const priceLists: Readonly<Record<(typeof listNames)[number], PriceList>> = { aws, digitalocean, exoscale, otc }
