import { messageOf, WeirError } from '../../model/errors.ts'

/** Memory errors of DuckDB and of the allocator. A statement that contains these words is quoted later in a message. */
const outOfMemory =
  /^(?:[\w ]+ Error: )?(?:Out of Memory|std::bad_alloc|bad_alloc|Allocation failure|failed to allocate)/i

/** Rejects with WEIR_SQL_REFUSED or WEIR_QUERY_MEMORY, and without the path of the data folder. */
export async function refusing<Value>(pending: Promise<Value>, directory: string): Promise<Value> {
  try {
    return await pending
  } catch (error) {
    if (error instanceof WeirError) throw error
    const message = messageOf(error).replaceAll(`${directory}/`, '').replaceAll(directory, '')
    if (!outOfMemory.test(message)) throw new WeirError('WEIR_SQL_REFUSED', message, { cause: error })
    // The other lines name settings of DuckDB, which users cannot change.
    const [reason = ''] = message.split('\n', 1)
    throw new WeirError('WEIR_QUERY_MEMORY', `The query needs more memory than is left: ${reason}`, { cause: error })
  }
}
