import { expect, it } from 'vitest'
import { queryRows } from '../store/testing/query-rows.ts'
import { temporaryStores } from '../store/testing/temporary.ts'
import { everyView } from './views.ts'

const stores = temporaryStores()

it("the API's columns of every view match the store in order", async () => {
  const { reader } = await stores.open()
  for (const [view, columns] of Object.entries(everyView)) {
    const described = await queryRows(reader, `DESCRIBE ${view}`)
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual(
      described.map((row) => `${row['column_name']} ${row['column_type']}`),
    )
  }
})
