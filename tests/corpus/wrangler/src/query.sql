select price from books where id = ?
