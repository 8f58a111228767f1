/** std/dotenv/load: puts .env into the environment, where everything is already. */

export {};
