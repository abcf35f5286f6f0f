import { expect, it } from 'vitest'
import { queryRows } from '../../src/store/testing/query-rows.ts'
import { FrameMaker } from '../../src/store/testing/frames.ts'
import { temporaryStores } from '../../src/store/testing/temporary.ts'
import { questions, sqlOf, writeQuestions } from './questions.ts'
import { seedEvents, seedFlows } from './seed.ts'

const stores = temporaryStores()

it('the questions have the expected answers', async () => {
  const { projection, reader } = await stores.open()
  const make = new FrameMaker()
  const [events, flows] = [seedEvents(), seedFlows()]
  // Received on several days, so that the events are in several files.
  for (const event of events) await projection.apply([make.events([event], event.time)])
  await projection.apply([make.batch(flows, Date.UTC(2026, 10, 20, 12), 'flows')])
  await projection.commit()
  const answered = []
  for (const question of questions) {
    const rows = await queryRows(reader, sqlOf(question))
    expect(
      rows.every((row) => Object.keys(row).join() === question.columns.join()),
      question.id,
    ).toBe(true)
    answered.push({
      ...question,
      rows: rows.map((row) => question.columns.map((column) => row[column] as string | number | null)),
    })
  }
  if (process.env['UPDATE_QUESTIONS'] !== undefined) writeQuestions(answered)
  expect(answered).toEqual(questions)
  expect(questions).toHaveLength(10)
  for (const { id, rows } of questions) expect(rows.length, id).toBeGreaterThan(0)
})
