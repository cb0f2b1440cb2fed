# Re-creates pooled.json from rows.csv, both in this folder:  Rscript metafor.R
# rows.csv is written by rows.py from the pack; every number of the answer must equal metafor's on the same rows.
suppressMessages({library(metafor); library(jsonlite)})
args <- commandArgs(trailingOnly = FALSE)
here <- dirname(sub("--file=", "", grep("--file=", args, value = TRUE)))
rows <- read.csv(file.path(here, "rows.csv"), stringsAsFactors = FALSE)
tight <- list(threshold = 1e-12, maxiter = 100000)

effects <- function(d) {
  yi <- d$yi; vi <- d$vi
  for (i in which(d$kind != "reported difference")) {
    e <- if (d$kind[i] == "events") {
      escalc(measure = d$measure[i], ai = d$ai[i], n1i = d$n1i[i], ci = d$ci[i], n2i = d$n2i[i])
    } else {
      escalc(measure = d$measure[i], m1i = d$m1i[i], sd1i = d$sd1i[i], n1i = d$n1i[i],
             m2i = d$m2i[i], sd2i = d$sd2i[i], n2i = d$n2i[i])
    }
    yi[i] <- d$flip[i] * as.numeric(e$yi); vi[i] <- as.numeric(e$vi)
  }
  list(yi = yi, vi = vi)
}

one <- function(d) {
  e <- effects(d)
  if (nrow(d) == 1) return(list(k = 1, yi = e$yi, vi = e$vi))
  fit <- function(test) rma(e$yi, e$vi, method = "REML", test = test, control = tight)
  guarded <- fit("adhoc"); plain <- fit("knha"); common <- rma(e$yi, e$vi, method = "EE")
  p <- predict(guarded, digits = 12)
  list(k = guarded$k, yi = e$yi, vi = e$vi, estimate = as.numeric(guarded$beta), se = guarded$se,
       ci_low = guarded$ci.lb, ci_high = guarded$ci.ub, pi_low = p$pi.lb, pi_high = p$pi.ub,
       tau2 = guarded$tau2, i2 = guarded$I2 / 100, q = guarded$QE, q_p = guarded$QEp,
       knha = c(plain$ci.lb, plain$ci.ub), common = c(as.numeric(common$beta), common$ci.lb, common$ci.ub))
}

out <- lapply(split(rows, rows$cell), one)
out <- list(software = paste("metafor", packageVersion("metafor"), "R", getRversion()), cells = out)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), file.path(here, "pooled.json"))
