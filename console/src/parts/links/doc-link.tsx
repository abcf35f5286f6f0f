import { Link } from '@tanstack/react-router'

/** To a document of this version; `page` is its path below `docs`, without `.md`. */
export function DocLink({ page, children }: { page: string; children: React.ReactNode }): React.ReactNode {
  return (
    <Link to="/docs" search={{ v: '1', page } as never}>
      {children}
    </Link>
  )
}
