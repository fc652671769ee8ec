// Type tests: compiled by `npm run lint:types`, never run.
export {};
