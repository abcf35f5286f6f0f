import { defineConnector } from '../../engine/manifest.ts'
import { clickhouseSchema } from './config.ts'

export default defineConnector({
  sinks: [clickhouseSchema],
  support: [{ system: 'clickhouse', name: 'ClickHouse (HTTP, Native)' }],
})
