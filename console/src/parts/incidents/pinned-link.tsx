import { Link } from '@tanstack/react-router'
import { pinText } from './text.ts'

/** Announces the pin, and leads to its incident. */
export function PinnedLink({ id }: { id: string }): React.ReactNode {
  return (
    <span role="status">
      {id !== '' && (
        <Link to="/incidents" search={{ v: '1', sel: id } as never}>
          {pinText.pinned}
        </Link>
      )}
    </span>
  )
}
