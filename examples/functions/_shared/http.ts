export function methodNotAllowed(...allowed: string[]): Response {
  return Response.json(
    { error: `${allowed.join(", ")} only` },
    { status: 405, headers: { allow: allowed.join(", ") } },
  );
}

export function notFound(path: string): Response {
  return Response.json({ error: `nothing at ${path}` }, { status: 404 });
}

/** The number in a query parameter, within bounds. */
export function clampedParam(url: URL, name: string, fallback: number, min: number, max: number): number {
  const value = Number(url.searchParams.get(name) ?? fallback);
  return Number.isFinite(value) ? Math.min(max, Math.max(min, Math.trunc(value))) : fallback;
}
