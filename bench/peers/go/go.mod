module greenfiber/bench

go 1.19
